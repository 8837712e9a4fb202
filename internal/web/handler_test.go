package web_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

func ask(h http.Handler) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "https://as.example/x", nil))
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPI_AS64_RS25_AnswersAndRefusals(t *testing.T) {
	const failed = `{"error":"server_error","error_description":"The server could not complete the request."}` + "\n"
	for _, c := range []struct {
		name   string
		h      web.Handler
		status int
		body   string
		retry  string
	}{
		{"AS64 an answer", func(w http.ResponseWriter, _ *http.Request) error {
			return web.WriteJSON(w, 200, map[string]string{"jwks_uri": "https://as.example/jwks?a=1&b=2"})
		}, 200, `{"jwks_uri":"https://as.example/jwks?a=1&b=2"}` + "\n", ""},
		{"AS64 a refusal", func(http.ResponseWriter, *http.Request) error {
			return oauth.Refuse("AS12", oauth.InvalidClient, "Who are you?").Because(errors.New("inside"))
		}, 401, `{"error":"invalid_client","error_description":"Who are you?"}` + "\n", ""},
		{"AS64 unavailable, with when to come back", func(http.ResponseWriter, *http.Request) error {
			return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, "Later.")
		}, 503, `{"error":"temporarily_unavailable","error_description":"Later."}` + "\n", "5"},
		{"RS25 any other error", func(http.ResponseWriter, *http.Request) error { return errors.New("disk on fire at /var/lib") }, 500, failed, ""},
		{"RS25 JSON that cannot be written", func(w http.ResponseWriter, _ *http.Request) error {
			return web.WriteJSON(w, 200, func() {})
		}, 500, failed, ""},
		{"RS25 a panic", func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Content-Type", "text/html")
			panic("secret inside")
		}, 500, failed, ""},
		{"RS25 a panic with a refusal is no deliberate denial", func(http.ResponseWriter, *http.Request) error {
			panic(oauth.Refuse("AS12", oauth.InvalidClient, "thrown"))
		}, 500, failed, ""},
		{"RS25 a bug", func(_ http.ResponseWriter, r *http.Request) error {
			_ = []int{}[len(r.URL.Path)]
			return nil
		}, 500, failed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ask(web.API(c.h, web.RenderOAuth))
			if body := text(t, r); r.StatusCode != c.status || body != c.body {
				t.Errorf("got %d %q, want %d %q", r.StatusCode, body, c.status, c.body)
			}
			for name, want := range map[string]string{
				"Cache-Control":          "no-store",
				"X-Content-Type-Options": "nosniff",
				"Content-Type":           "application/json",
				"Retry-After":            c.retry,
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestAPI_RS25_TheLogLearnsWhatPanicked(t *testing.T) {
	var seen *oauth.Refusal
	inside := errors.New("inside")
	ask(web.API(func(http.ResponseWriter, *http.Request) error { panic(inside) },
		func(_ http.ResponseWriter, _ *http.Request, refusal *oauth.Refusal) { seen = refusal }))
	var p *web.Panic
	if !errors.As(seen, &p) || !errors.Is(seen, inside) || seen.Rule != "RS25" || seen.Code != oauth.ServerError {
		t.Fatalf("refusal is %v", seen)
	}
	if !strings.Contains(string(p.Stack), "TheLogLearnsWhatPanicked") {
		t.Errorf("the stack does not show where:\n%s", p.Stack)
	}
}

// serve runs a real HTTP server over loopback and returns how to call it.
func serve(t *testing.T, h http.Handler) func() (*http.Response, error) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return func() (*http.Response, error) { return s.Client().Get(s.URL) }
}

func TestAPI_RS25_ServerStaysUpAfterAPanic(t *testing.T) {
	first := true
	call := serve(t, web.API(func(w http.ResponseWriter, _ *http.Request) error {
		if first {
			first = false
			panic("once")
		}
		return web.WriteJSON(w, 200, "fine")
	}, web.RenderOAuth))
	for _, want := range []int{500, 200} {
		r, err := call()
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want || r.Header.Get("Date") == "" {
			t.Errorf("status %d, Date %q; want %d and a date", r.StatusCode, r.Header.Get("Date"), want)
		}
	}
}

func TestRecover_RS25_ACutOffAnswerNeverLooksComplete(t *testing.T) {
	out := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
	}
	for name, h := range map[string]web.Handler{
		"RS25 panic after the first byte": func(w http.ResponseWriter, _ *http.Request) error { out(w); panic("late") },
		"RS25 error after the first byte": func(w http.ResponseWriter, _ *http.Request) error { out(w); return errors.New("late") },
		"RS25 panic after the status alone": func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(200)
			panic("late")
		},
		"RS25 panic after a flush alone": func(w http.ResponseWriter, _ *http.Request) error {
			_ = http.NewResponseController(w).Flush()
			panic("late")
		},
		"RS25 panic after a copied body": func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.Copy(w, strings.NewReader("half of "))
			panic("late")
		},
		"RS25 handler that asks for it": func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := serve(t, web.API(h, web.RenderOAuth))()
			if err != nil {
				return // the connection broke before the headers: as good
			}
			defer r.Body.Close()
			if body, err := io.ReadAll(r.Body); err == nil {
				t.Errorf("the answer looks complete: %d %q", r.StatusCode, body)
			}
		})
	}
}

func TestRecover_RS25_DenyAnswersAndEarlyHintsAreNoAnswer(t *testing.T) {
	call := serve(t, web.Recover(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			panic("then")
		}),
		func(w http.ResponseWriter, _ *http.Request, cause any) {
			if cause != "then" {
				t.Errorf("cause is %v", cause)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
	r, err := call()
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 503 {
		t.Errorf("status is %d, want deny's 503", r.StatusCode)
	}
}

func TestRecover_HijackedConnectionIsLeftAlone(t *testing.T) {
	denied := false
	call := serve(t, web.Recover(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
			panic("late")
		}),
		func(http.ResponseWriter, *http.Request, any) { denied = true }))
	if r, err := call(); err == nil {
		r.Body.Close()
		t.Errorf("answered %d on a connection that was taken", r.StatusCode)
	}
	if denied {
		t.Error("deny was asked to answer on a connection that was taken")
	}
}

// A wrapped writer still reaches the connection's deadlines, which streams set.
func TestRecover_ControllerReachesDeadlines(t *testing.T) {
	call := serve(t, web.Recover(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			if _, ok := w.(http.Flusher); !ok {
				t.Error("the writer is no Flusher")
			}
		}), nil))
	r, err := call()
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
}
