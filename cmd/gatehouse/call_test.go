package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCall_CL1_CL2_CL7_PrintsTheBody(t *testing.T) {
	w := newCallWorld(t)
	out, errs, code := w.call(w.URL + "/accounts")
	if out != "{\"accounts\":[]}\n" || errs != "" || code != 0 {
		t.Fatalf("got %q, %q, %d", out, errs, code)
	}
	if !slices.Equal(w.calls, []string{"GET /accounts"}) || !slices.Equal(w.forms, []string{"scope=accounts.read audience=[https://api.example] resource=[]"}) {
		t.Errorf("calls %q, token requests %q", w.calls, w.forms)
	}
	if w.seen.Get("Authorization") != "DPoP sesame.open" || w.seen.Get("DPoP") == "" {
		t.Errorf("got %v", w.seen)
	}
	t.Run("CL7 nonce at both ends", func(t *testing.T) {
		w.token = func(rw http.ResponseWriter, r *http.Request) {
			if len(w.forms) == 2 {
				rw.Header().Set("DPoP-Nonce", "n-1")
				rw.WriteHeader(400)
				_, _ = rw.Write([]byte(`{"error":"use_dpop_nonce"}`))
				return
			}
			_, _ = rw.Write([]byte(`{"access_token":"sesame.open","token_type":"DPoP"}`))
		}
		w.api = func(rw http.ResponseWriter, _ *http.Request) {
			if len(w.calls) == 2 {
				rw.Header().Set("DPoP-Nonce", "n-2")
				rw.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
				rw.WriteHeader(401)
			}
		}
		_, errs, code := w.call("-v", "-d", "{}", w.URL+"/payments")
		if code != 0 || len(w.calls) != 3 || w.calls[2] != "POST /payments {}" {
			t.Fatalf("got %d, %s, %q", code, errs, w.calls)
		}
		for _, words := range []string{
			"1. Read the authorization server's metadata: GET ", "2. Ask for an access token: POST ", "   > client_assertion: [redacted] ES256, iss=partner-1 aud=" + w.URL,
			"   < error: use_dpop_nonce", "   The server asks for a proof with its nonce", "4. Call the API: POST ", "   > Authorization: DPoP [redacted]", "   < 200 OK", "nonce=n-2",
		} {
			if !strings.Contains(errs, words) {
				t.Errorf("%q is not told in\n%s", words, errs)
			}
		}
		if strings.Contains(errs, "sesame") || strings.Contains(errs, "eyJ") {
			t.Errorf("CL2 a secret is told in\n%s", errs)
		}
	})
}

func TestCall_CL1_CL6_MTLS(t *testing.T) {
	w := newCallWorld(t)
	if out, errs, code := w.call("--mtls", w.URL+"/accounts"); code != 0 || errs != "" || out == "" {
		t.Fatalf("got %q, %q, %d", out, errs, code)
	}
	if w.seen.Get("Authorization") != "Bearer sesame.open" || w.seen.Get("DPoP") != "" {
		t.Errorf("got %v", w.seen)
	}
}

func TestCall_Flags(t *testing.T) {
	w := newCallWorld(t)
	file := filepath.Join(t.TempDir(), "body.json")
	putFile(t, file, []byte(`{"from":"file"}`))
	output := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		name string
		args []string
		want func(out string) bool
	}{
		{"method", []string{"-X", "DELETE"}, func(string) bool { return w.calls[0] == "DELETE /a" }},
		{"data", []string{"-d", "x"}, func(string) bool {
			return w.calls[0] == "POST /a x" && w.seen.Get("Content-Type") == "application/json"
		}},
		{"data and method", []string{"-d", "x", "-X", "PUT"}, func(string) bool { return w.calls[0] == "PUT /a x" }},
		{"data from a file", []string{"-d", "@" + file}, func(string) bool { return w.calls[0] == `POST /a {"from":"file"}` }},
		{"empty data", []string{"-d", ""}, func(string) bool { return w.calls[0] == "POST /a" }},
		{"headers", []string{"-H", "X-A: 1", "-H", "x-a:2", "-H", "User-Agent: me", "-d", "x", "-H", "content-type: text/plain"}, func(string) bool {
			return slices.Equal(w.seen["X-A"], []string{"1", "2"}) && w.seen.Get("User-Agent") == "me" && slices.Equal(w.seen["Content-Type"], []string{"text/plain"})
		}},
		{"scope and audience", []string{"--scope", "a b", "--audience", "x", "--audience", "y"}, func(string) bool { return w.forms[0] == "scope=a b audience=[x y] resource=[]" }},
		{"resource replaces the file's audience", []string{"--resource", "https://r.example"}, func(string) bool { return w.forms[0] == "scope=accounts.read audience=[] resource=[https://r.example]" }},
		{"no scope", []string{"--scope", ""}, func(string) bool { return strings.HasPrefix(w.forms[0], "scope= ") }},
		{"include", []string{"-i"}, func(out string) bool {
			return strings.HasPrefix(out, "HTTP/1.1 200 OK\nContent-Length: 16\n") && strings.HasSuffix(out, "\n\n{\"accounts\":[]}\n")
		}},
		{"output", []string{"-o", output}, func(out string) bool {
			b, err := os.ReadFile(output)
			return err == nil && out == "" && string(b) == "{\"accounts\":[]}\n"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.calls, w.forms = nil, nil
			out, errs, code := w.call(append(c.args, w.URL+"/a")...)
			if code != 0 || !c.want(out) {
				t.Errorf("got %q, %q, %d; calls %q, %q, %v", out, errs, code, w.calls, w.forms, w.seen)
			}
		})
	}
	t.Run("data from standard input", func(t *testing.T) {
		for _, d := range []string{"-", "@-"} {
			w.calls = nil
			cmd := callCommand()
			cmd.SetArgs([]string{"--dir", w.dir, "--client", "partner", "-d", d, w.URL + "/a"})
			cmd.SetIn(strings.NewReader("typed"))
			cmd.SetOut(&strings.Builder{})
			if err := cmd.ExecuteContext(t.Context()); err != nil || w.calls[0] != "POST /a typed" {
				t.Errorf("got %v, %q", err, w.calls)
			}
		}
	})
}

func TestCall_RS12_ExplainsWhatTheAnswerMeans(t *testing.T) {
	w := newCallWorld(t)
	for _, c := range []struct {
		name, challenge string
		status          int
		want            string
	}{
		{"RS12 invalid_token", `dpop error="invalid_token", error_description="The token has expired."`, 401,
			"the API answered 401 Unauthorized invalid_token (The token has expired): the access token is not good here"},
		{"RS12 invalid_dpop_proof", `DPoP error="invalid_dpop_proof", algs="ES256"`, 401, "invalid_dpop_proof: the DPoP proof is not good here: look at this machine's clock"},
		{"RS12 use_dpop_nonce", `DPoP error="use_dpop_nonce"`, 401, "use_dpop_nonce: the server asks for a DPoP nonce again and again"},
		{"RS12 insufficient_scope", `Bearer error="insufficient_scope", scope="payments.write"`, 403,
			`403 Forbidden insufficient_scope: the token has not the scope "payments.write": ask for it with --scope`},
		{"RS12 insufficient_scope, not named", `Bearer error="insufficient_scope"`, 403, "the token has not the scope that this endpoint needs"},
		{"RS12 an unknown error", `DPoP error="weather"`, 401, "the API answered 401 Unauthorized weather\n"},
		{"RS12 no error", `DPoP algs="ES256"`, 401, "it saw no token that it knows"},
		{"RS12 nothing there", "", 404, "the API answered 404 Not Found: nothing is at this path, or nothing that this client may see"},
		{"RS12 overload", "", 503, "503 Service Unavailable: try again later"},
		{"RS12 a problem of the API", "", 422, "the API answered 422 Unprocessable Entity\n"},
		{"CL8 redirect", "", 302, `the API answered 302 Found to "/elsewhere": a redirect is not followed with a token`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.api = func(rw http.ResponseWriter, _ *http.Request) {
				if c.challenge != "" {
					rw.Header().Set("WWW-Authenticate", c.challenge)
				}
				rw.Header().Set("Location", "/elsewhere")
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte("the body"))
			}
			out, errs, code := w.call(w.URL + "/accounts")
			if code != 1 || out != "the body" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "gatehouse: ") {
				t.Errorf("got %q, %q, %d\nwant %s", out, errs, code, c.want)
			}
		})
	}
}
