package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

const formType = "application/x-www-form-urlencoded"

func TestReadForm_AS6_AS19_AS29_Refusals(t *testing.T) {
	type refusal struct {
		rule   string
		status int
	}
	long := "a=" + strings.Repeat("x", 1000)
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		body   string
		want   refusal // rule "" when the form is read
	}{
		{"AS19 a plain form", nil, "grant_type=client_credentials", refusal{}},
		{"AS19 charset utf-8, as client libraries send it", header("Content-Type", formType+";charset=UTF-8"), "a=b", refusal{}},
		{"AS19 media type in capitals", header("Content-Type", strings.ToUpper(formType)), "a=b", refusal{}},
		{"AS19 empty body", nil, "", refusal{}},
		{"AS19 a question mark without parameters", func(r *http.Request) { r.URL.ForceQuery = true }, "a=b", refusal{}},

		{"AS19 GET", method("GET"), "", refusal{"AS19", 405}},
		{"AS19 PUT", method("PUT"), "a=b", refusal{"AS19", 405}},
		{"AS19 HEAD", method("HEAD"), "", refusal{"AS19", 405}},
		{"AS19 lower-case post is another method", method("post"), "a=b", refusal{"AS19", 405}},

		{"AS6 secret in the URL", query("client_secret=x"), "a=b", refusal{"AS6", 400}},
		{"AS6 parameter in the URL", query("client_id=x"), "", refusal{"AS6", 400}},
		{"AS6 malformed query", query("%zz;"), "a=b", refusal{"AS6", 400}},

		{"AS19 no content type", func(r *http.Request) { r.Header.Del("Content-Type") }, "a=b", refusal{"AS19", 415}},
		{"AS19 JSON", header("Content-Type", "application/json"), `{"a":"b"}`, refusal{"AS19", 415}},
		{"AS19 multipart", header("Content-Type", "multipart/form-data; boundary=x"), "", refusal{"AS19", 415}},
		{"AS19 a longer type", header("Content-Type", formType+"x"), "a=b", refusal{"AS19", 415}},
		{"AS19 another charset", header("Content-Type", formType+"; charset=utf-16"), "a=b", refusal{"AS19", 415}},
		{"AS19 unknown type parameter", header("Content-Type", formType+"; version=2"), "a=b", refusal{"AS19", 415}},
		{"AS19 two content types", func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }, "a=b", refusal{"AS19", 415}},
		{"AS19 compressed", header("Content-Encoding", "gzip"), "a=b", refusal{"AS19", 415}},
		{"AS19 compressed, behind an empty header", func(r *http.Request) { r.Header["Content-Encoding"] = []string{"", "gzip"} }, "a=b", refusal{"AS19", 415}},

		{"AS19 a body of the limit", nil, "a=" + strings.Repeat("x", 98), refusal{}},
		{"AS19 one byte more, announced", nil, "a=" + strings.Repeat("x", 99), refusal{"AS19", 413}},
		{"AS19 oversize, not announced", unannounced, long, refusal{"AS19", 413}},
		{"AS19 body that breaks off", func(r *http.Request) { r.Body = io.NopCloser(broken{}) }, "", refusal{"AS19", 400}},

		{"AS29 duplicate", nil, "scope=a&scope=b", refusal{"AS29", 400}},
		{"AS29 duplicate with the same value", nil, "scope=a&scope=a", refusal{"AS29", 400}},
		{"AS29 duplicate under an escaped name", nil, "scope=a&s%63ope=b", refusal{"AS29", 400}},
		{"AS29 malformed escape", nil, "scope=%zz", refusal{"AS29", 400}},
		{"AS29 semicolon", nil, "a=b;c=d", refusal{"AS29", 400}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "https://as.example/token", strings.NewReader(c.body))
			r.Header.Set("Content-Type", formType)
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			_, err := web.ReadForm(w, r, 100)
			if c.want.rule == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var got *oauth.Refusal
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if got.Rule != c.want.rule || got.Code != oauth.InvalidRequest || got.HTTPStatus() != c.want.status {
				t.Errorf("got %s %s %d, want %s invalid_request %d", got.Rule, got.Code, got.HTTPStatus(), c.want.rule, c.want.status)
			}
			if allow := w.Header().Get("Allow"); (allow == "POST") != (c.want.status == 405) {
				t.Errorf("Allow is %q under status %d", allow, c.want.status)
			}
		})
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
func method(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
func query(q string) func(*http.Request)  { return func(r *http.Request) { r.URL.RawQuery = q } }
func unannounced(r *http.Request)         { r.ContentLength = -1 }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadForm_ReadsTheBody(t *testing.T) {
	r := httptest.NewRequest("POST", "https://as.example/token", strings.NewReader("scope=a.b+c.d&resource=x&resource=y"))
	r.Header.Set("Content-Type", formType)
	form, err := web.ReadForm(httptest.NewRecorder(), r, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got := form.Get("scope"); got != "a.b c.d" {
		t.Errorf("scope is %q", got)
	}
	if got := form.All("resource"); len(got) != 2 {
		t.Errorf("resource is %q", got)
	}
}
