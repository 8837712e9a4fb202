package bank

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// The test's gateway: what it asserts is the header Test-Assertion, which
// names the client, or "anonymous".
type callerKey struct{}

func protect(anonymousToo bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who := r.Header.Get("Test-Assertion")
			switch {
			case who == "" || who == "anonymous" && !anonymousToo:
				w.Header().Set("WWW-Authenticate", "Gateway-Assertion")
				http.Error(w, `{"error":"invalid_token"}`, http.StatusUnauthorized)
			case who == "broken":
				w.WriteHeader(http.StatusServiceUnavailable)
			default:
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
			}
		})
	}
}

func caller(ctx context.Context) (clientID, subject string, ok bool) {
	who, ok := ctx.Value(callerKey{}).(string)
	return who, who, ok && who != "nobody"
}

func config() Config {
	return Config{
		Protect: protect(false), ProtectPublic: protect(true), Caller: caller, Consents: SeedConsents(),
		TokenURL: "https://as.example/token", Now: func() time.Time { return noon },
	}
}

func open(t *testing.T) http.Handler {
	t.Helper()
	h, err := New(config())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends one request as a client; "" is a call past the gateway.
func ask(t *testing.T, h http.Handler, client, method, target, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if client != "" {
		r.Header.Set("Test-Assertion", client)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// decode checks what every answer has, and reads it into a value.
func decode[T any](t *testing.T, resp *http.Response, status int, mediaType string) T {
	t.Helper()
	var v T
	h := resp.Header
	if resp.StatusCode != status || h.Get("Content-Type") != mediaType || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("got %d %v, want %d %s", resp.StatusCode, h, status, mediaType)
	}
	d := json.NewDecoder(resp.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

type problemSeen struct {
	Type, Title, Detail string
	Status              int
	Errors              []fault
}

func wantProblem(t *testing.T, resp *http.Response, status int, detail string) problemSeen {
	t.Helper()
	p := decode[problemSeen](t, resp, status, "application/problem+json")
	if p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || p.Detail != detail {
		t.Errorf("got %+v, want %d %q", p, status, detail)
	}
	return p
}

func TestBank_EverythingNeedsTheGateway(t *testing.T) {
	h := open(t)
	for _, target := range []string{"/", "/accounts", "/accounts/acc-1001-1", "/accounts/acc-1001-1/transactions", "/payments", "/payments/x", "/openapi.json", "/nowhere", "//accounts", "/openapi.json/"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			resp := ask(t, h, "", method, target, "", "X-Client-Verify", "SUCCESS", "Authorization", "DPoP stolen")
			wantProblem(t, resp, 401, "This API answers only calls that come through its gateway.")
			if resp.Header.Get("WWW-Authenticate") != "Gateway-Assertion" {
				t.Error("the guard's challenge is lost")
			}
		}
	}
	t.Run("anonymous", func(t *testing.T) {
		wantProblem(t, ask(t, h, "anonymous", "GET", "/accounts", ""), 401, "This API answers only calls that come through its gateway.")
		wantProblem(t, ask(t, h, "anonymous", "GET", "/openapi%2Ejson", ""), 401, "This API answers only calls that come through its gateway.")
	})
	t.Run("an assertion about nobody", func(t *testing.T) {
		wantProblem(t, ask(t, h, "nobody", "GET", "/accounts", ""), 401, "The gateway did not say who calls.")
	})
	t.Run("a guard that cannot tell", func(t *testing.T) {
		wantProblem(t, ask(t, h, "broken", "GET", "/accounts", ""), 503, "The call could not be checked. Try again later.")
	})
}

func TestBank_PathsAndMethods(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		method, target string
		status         int
		allow          string
	}{
		{"POST", "/accounts", 405, "GET, HEAD"},
		{"DELETE", "/accounts/acc-1001-1", 405, "GET, HEAD"},
		{"PUT", "/accounts/acc-1001-1/transactions", 405, "GET, HEAD"},
		{"GET", "/payments", 405, "POST"},
		{"PATCH", "/payments/x", 405, "GET, HEAD"},
		{"POST", "/openapi.json", 405, "GET, HEAD"},
		{"HEAD", "/accounts", 200, ""},
		{"GET", "/", 404, ""},
		{"GET", "/accounts/", 404, ""},
		{"GET", "/accounts/acc-1001-1/", 404, ""},
		{"GET", "/accounts/acc%2D1001-1", 404, ""},
		{"GET", "/accounts/acc-1001-1/transactions/1", 404, ""},
		{"GET", "/customers", 404, ""},
	} {
		resp := ask(t, h, "demo-partner", c.method, c.target, "")
		if resp.StatusCode != c.status || resp.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: got %d, Allow %q", c.method, c.target, resp.StatusCode, resp.Header.Get("Allow"))
		}
		if c.status >= 400 && resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: got %s", c.method, c.target, resp.Header.Get("Content-Type"))
		}
	}
}

func TestNew_NeedsEveryField(t *testing.T) {
	fields := reflect.TypeFor[Config]()
	for i := range fields.NumField() {
		cfg := config()
		reflect.ValueOf(&cfg).Elem().Field(i).SetZero()
		if _, err := New(cfg); err == nil {
			t.Errorf("New takes a Config without %s", fields.Field(i).Name)
		}
	}
}
