package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantLine checks that the command failed with one line that says so.
func wantLine(t *testing.T, errs string, code int, want string) {
	t.Helper()
	if code != 1 || !strings.HasPrefix(errs, "gatehouse: ") || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
		t.Errorf("got %d, %q\nwant %s", code, errs, want)
	}
}

func TestCall_ClientFileIsStrict(t *testing.T) {
	w := newCallWorld(t)
	for _, c := range []struct{ name, change, want string }{
		{"unknown key", "client_secret: x", `:9: unknown key "client_secret"; the keys are issuer, client_id, key,`},
		{"other case", "Issuer: x", `:9: unknown key "Issuer"`},
		{"a key twice", "scope: a\nscope: b", ":9: scope is there twice"},
		{"a list", "scope: [a, b]", ":8: scope must be text; put it in quotes"},
		{"a number", "client_id: 7", ":8: client_id must be text"},
		{"nothing", "client_id:", ":8: client_id must be text"},
		{"an alias", "scope: &a x\naudience: *a", ":9: audience "},
		{"second document", "audience: x\n---\nissuer: https://evil.example", "has more than one YAML document"},
		{"no issuer", "-issuer", "has no issuer"},
		{"no client_id", "-client_id", "has no client_id"},
		{"half a certificate", "-certificate_key", "has only one of certificate and certificate_key"},
		{"no YAML", "scope: [", "is not YAML"},
		{"key file missing", "key: nowhere.key", "nowhere.key does not exist"},
		{"no key at all", "-key", "has no key for private_key_jwt; use --mtls to authenticate by its certificate"},
		{"ca missing", "ca: nowhere.pem", "cannot be read"},
		{"ca without certificate", "ca: partner.key", "holds no certificate"},
		{"certificate that is none", "certificate: partner.key", "cannot be used"},
		{"issuer over http", "issuer: http://localhost", "The issuer must be an https URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var changes []string
			for line := range strings.SplitSeq(c.change, "\n") {
				changes = append(changes, line)
			}
			path := w.writeClient(t, "strange", changes[0])
			if len(changes) > 1 {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				putFile(t, path, append(b, strings.Join(changes[1:], "\n")+"\n"...))
			}
			_, errs, code := runCall("--client", path, w.URL+"/accounts")
			wantLine(t, errs, code, c.want)
		})
	}
	if len(w.forms)+len(w.calls) != 0 {
		t.Errorf("something was sent: %q, %q", w.forms, w.calls)
	}
	t.Run("not a mapping", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "c.yaml")
		putFile(t, path, []byte("- a\n"))
		_, errs, code := runCall("--client", path, w.URL)
		wantLine(t, errs, code, "is not a list of 'key: value' lines")
	})
	t.Run("a key that everyone may read", func(t *testing.T) {
		key := filepath.Join(w.dir, "clients", "partner.key")
		if err := os.Chmod(key, 0o644); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Chmod(key, 0o600) }()
		_, errs, code := w.call(w.URL + "/accounts")
		wantLine(t, errs, code, "chmod 600")
	})
	t.Run("--mtls without a certificate", func(t *testing.T) {
		path := w.writeClient(t, "bare", "-certificate:", "-certificate_key")
		_, errs, code := runCall("--client", path, "--mtls", w.URL+"/accounts")
		wantLine(t, errs, code, "has no certificate, which --mtls needs")
	})
}

func TestCall_FindsTheClient(t *testing.T) {
	w := newCallWorld(t)
	home, here := t.TempDir(), t.TempDir()
	t.Chdir(here)
	t.Setenv("GATEHOUSE_HOME", home)
	place := func(dir, id string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "clients"), 0o700); err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(dir, "clients", "who.yaml"), []byte("issuer: https://localhost\nclient_id: "+id+"\n"))
	}
	found := func(dir string) string {
		t.Helper()
		c, err := readClientFile("who", dir)
		if err != nil {
			return err.Error()
		}
		return c.values["client_id"]
	}
	if got := found(""); !strings.Contains(got, `there is no client "who": none of `+filepath.Join(home, "clients/who.yaml")+", clients/who.yaml, gatehouse-demo/clients/who.yaml exists") {
		t.Error(got)
	}
	for _, c := range []struct{ dir, id string }{{"gatehouse-demo", "demo"}, {".", "here"}, {home, "home"}} {
		place(c.dir, c.id) // each is before the one that was placed before it
		if got := found(""); got != c.id {
			t.Errorf("got %s, want %s", got, c.id)
		}
	}
	place(w.dir, "dir")
	if got := found(w.dir); got != "dir" {
		t.Errorf("got %s", got)
	}
	if got := found(t.TempDir()); !strings.Contains(got, "there is no client") {
		t.Errorf("a folder that was named is the only one: got %s", got)
	}
}

func TestCall_N1_N4_ErrorsSayWhatToDo(t *testing.T) {
	w := newCallWorld(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	refuse := func(code string) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(400)
			_, _ = rw.Write([]byte(`{"error":"` + code + `","error_description":"No.\nNever."}`))
		}
	}
	for _, c := range []struct {
		name, want string
		client     string // a change of the client's file
		token      func(http.ResponseWriter, *http.Request)
		args       []string
	}{
		{"N4 authority not trusted", "name the authority that issued the server's certificate as ca", "-ca", nil, []string{w.URL}},
		{"N4 other host name", "call the server by a name in its certificate", "", nil, []string{strings.Replace(w.URL, "127.0.0.1", "localhost", 1)}},
		{"N1 http", "The API's address is not one that a token may be sent to", "", nil, []string{"http://localhost/"}},
		{"CL2 token in the query", "a token travels only in the header", "", nil, []string{w.URL + "/?access_token=x"}},
		{"nothing listens", "nothing listens there: is the server running?", "issuer: https://" + closed.Addr().String(), nil, []string{w.URL}},
		{"too slow", "see --timeout", "", nil, []string{"--timeout", "1ns", w.URL}},
		{"AS12 invalid_client", "answered 400 invalid_client: No. Never: the server does not take this client's proof of itself", "", refuse("invalid_client"), []string{w.URL}},
		{"invalid_scope", "the scope is unknown or not for this client", "", refuse("invalid_scope"), []string{w.URL}},
		{"invalid_target", "see --audience and --resource", "", refuse("invalid_target"), []string{w.URL}},
		{"CL1 downgrade", "token_type is \"Bearer\", wanted DPoP", "", func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"access_token":"x","token_type":"Bearer"}`))
		}, []string{w.URL}},
		{"no URL", "call needs one URL, it got 0", "", nil, nil},
		{"two URLs", "call needs one URL, it got 2", "", nil, []string{w.URL, w.URL}},
		{"no URL at all", "cannot be called", "", nil, []string{"https://a b/"}},
		{"bad method", "cannot be called", "", nil, []string{"-X", "A B", w.URL}},
		{"bad header", "is not of the form 'Name: value'", "", nil, []string{"-H", "x", w.URL}},
		{"Host header", "follows from the URL", "", nil, []string{"-H", "Host: x", w.URL}},
		{"own Authorization", "already carries an Authorization", "", nil, []string{"-H", "Authorization: Bearer x", w.URL}},
		{"no body file", "the body cannot be read", "", nil, []string{"-d", "@/nowhere/at/all", w.URL}},
		{"unknown flag", "unknown flag: --insecure", "", nil, []string{"--insecure", w.URL}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.token = c.token
			path := w.writeClient(t, "other", c.client)
			out, errs, code := runCall(append([]string{"--client", path}, c.args...)...)
			wantLine(t, errs, code, c.want)
			if out != "" {
				t.Errorf("printed %q", out)
			}
		})
	}
	_, errs, code := runCall(w.URL)
	wantLine(t, errs, code, "call needs --client NAME or --client FILE")
}

func TestCall_HelpTeaches(t *testing.T) {
	out, _, code := runCall("--help")
	for _, words := range []string{"gatehouse call --client demo-partner https://localhost:9443/accounts", "certificate_key:", "GATEHOUSE_HOME", "--mtls", "exit code 1"} {
		if code != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), words) {
			t.Errorf("%q is not in the help", words)
		}
	}
}
