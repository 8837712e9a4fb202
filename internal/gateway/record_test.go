package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/resource"
)

func contextOf(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithCancel(r.Context())
}

func asError(cause any) error {
	err, _ := cause.(error)
	return err
}

func TestRecord_OneForEachDecision(t *testing.T) {
	b := newBed(t)
	r := httptest.NewRequest("GET", "/accounts/17?secret=1", nil)
	token := b.token(b.byCertificate())
	r.Header.Set("Authorization", "Bearer "+token)
	peer := mtlstest.Peer(t, b.certificate, b.ca.Bundle(t))
	if w := b.serve(b.handler, over(r, peer)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	b.serve(b.handler, httptest.NewRequest("GET", "/openapi.json", nil))
	b.serve(b.handler, over(httptest.NewRequest("GET", "/accounts", nil), peer))
	b.serve(b.handler, httptest.NewRequest("GET", gateway.KeysPath, nil)) // no decision
	records := b.records()
	if len(records) != 3 {
		t.Fatalf("%d records, want 3: %v", len(records), records)
	}
	certificate, err := peer.Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]any{
		{
			"event": "api", "verdict": "allow", "issuer": issuer, "client": "partner", "subject": "partner", "token_id": "token-1",
			"certificate": certificate.Fingerprint(), "listener": "public", "route": "/accounts/{id}", "method": "GET", "source": "192.0.2.1",
		},
		{"verdict": "allow", "route": "/openapi.json", "reason": "public route"},
		{"verdict": "deny", "rule": "RS1", "status": 401.0, "route": "/accounts", "certificate": certificate.Fingerprint()},
	} {
		for name, value := range want {
			if records[i][name] != value {
				t.Errorf("record %d: %s is %v, want %v", i, name, records[i][name], value)
			}
		}
	}
	text, err := os.ReadFile(b.auditAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{token, "secret", "/17"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("RS20: the audit log holds %q", secret)
		}
	}
}

func TestRecord_RS25_WhenItCannotBeWritten(t *testing.T) {
	b := newBed(t)
	if err := b.audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("RS25 a route that denies", func(t *testing.T) {
		w := b.serve(b.handler, b.good("POST", "/payments", strings.NewReader("{}")))
		if w.Code != 503 || b.reached() != 0 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %s, %d requests reached the upstream", w.Code, w.Body, b.reached())
		}
	})
	t.Run("RS25 a route that goes on says so", func(t *testing.T) {
		w := b.serve(b.handler, b.good("GET", "/accounts", nil))
		if w.Code != 200 || b.reached() != 1 {
			t.Errorf("%d %s, %d requests reached the upstream", w.Code, w.Body, b.reached())
		}
		if log := b.logged.String(); !strings.Contains(log, "without an audit record") || !strings.Contains(log, "rule=RS25") {
			t.Errorf("the log says %s", log)
		}
	})
	want := map[string]float64{"route=/accounts": 1, "route=/accounts/{id}": 0, "route=/openapi.json": 0, "route=/payments": 1}
	if diff := cmp.Diff(want, b.series("gatehouse_gateway_unrecorded_total")); diff != "" {
		t.Errorf("unrecorded decisions (-want +got):\n%s", diff)
	}
}

func TestRecord_RS25_PanicDeniesAndTheServerStaysUp(t *testing.T) {
	b := newBed(t)
	restore := gateway.PanicInStep(3)
	w := b.serve(b.handler, b.good("GET", "/accounts", nil))
	restore()
	if w.Code != 500 || b.reached() != 0 || !strings.Contains(w.Body.String(), `"server_error"`) || strings.Contains(w.Body.String(), "panic") {
		t.Errorf("%d %s, %d requests reached the upstream", w.Code, w.Body, b.reached())
	}
	if w.Header().Get("Connection") != "close" {
		t.Error("RS25 the connection goes on: what is left of the body would be read as a request")
	}
	if w := b.serve(b.handler, b.good("GET", "/accounts", nil)); w.Code != 200 {
		t.Errorf("the next request: %d %s", w.Code, w.Body)
	}
	records := b.records()
	if records[0]["verdict"] != "deny" || records[0]["rule"] != "RS25" || records[0]["status"] != 500.0 {
		t.Errorf("the record is %v", records[0])
	}
}

func TestMetrics_LabelsAreOfTheConfiguration(t *testing.T) {
	b := newBed(t)
	b.serve(b.handler, b.good("GET", "/accounts/1", nil))
	b.serve(b.handler, b.good("GET", "/accounts/2", nil))
	b.serve(b.handler, httptest.NewRequest("GET", "/accounts/3", nil))
	b.serve(b.handler, httptest.NewRequest("BREW", "/anything/"+strings.Repeat("x", 100), nil))
	// A reload makes another gateway over the same registry, and goes on counting.
	again, err := gateway.New(b.config())
	if err != nil {
		t.Fatal(err)
	}
	b.serve(again.Handler(gateway.Listener{Name: "public", Origin: origin}), b.good("GET", "/accounts/4", nil))
	const public = "listener=public,route="
	want := map[string]float64{
		public + "/accounts,rule=,verdict=allow":        0,
		public + "/accounts/{id},rule=,verdict=allow":   3,
		public + "/accounts/{id},rule=RS1,verdict=deny": 1,
		public + "/openapi.json,rule=,verdict=allow":    0,
		public + "/payments,rule=,verdict=allow":        0,
		public + "none,rule=RS25,verdict=deny":          1,
	}
	if diff := cmp.Diff(want, b.series("gatehouse_gateway_decisions_total")); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	for name, want := range map[string]int{"gatehouse_gateway_request_seconds": 4, "gatehouse_jwks_usable": 1, "gatehouse_token_cache_hits_total": 1, "gatehouse_jwks_misses_total": 1} {
		if got := b.series(name); len(got) != want {
			t.Errorf("%s has the series %v, want %d", name, got, want)
		}
	}
}

func TestKeys_ArePublic(t *testing.T) {
	b := newBed(t)
	w := b.serve(b.handler, httptest.NewRequest("GET", gateway.KeysPath, nil))
	set, err := jose.ParseKeySet(w.Body.Bytes())
	if err != nil || len(set.Keys()) != 1 || set.Keys()[0].KeyID != b.assertKey.Public().KeyID || !set.Keys()[0].IsPublic() {
		t.Errorf("%d %s: %v", w.Code, w.Body, err)
	}
	if w := b.serve(b.handler, httptest.NewRequest("POST", gateway.KeysPath, nil)); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestAnswer_N7_RS21_HeadersOnEveryAnswer(t *testing.T) {
	b := newBed(t)
	front := tlsServer(t, b.ca, b.handler)
	defer front.Close()
	for name, r := range map[string]*http.Request{
		"allowed": b.good("GET", "/accounts", nil), "refused": httptest.NewRequest("GET", "/accounts", nil), "unknown": httptest.NewRequest("GET", "/x", nil),
	} {
		res, err := front.Client().Do(b.outside(front, r))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if _, err := http.ParseTime(res.Header.Get("Date")); err != nil {
			t.Errorf("RS21 %s: Date is %q", name, res.Header.Get("Date"))
		}
		if got := res.Header["Strict-Transport-Security"]; len(got) != 1 || !strings.Contains(got[0], "includeSubDomains; preload") {
			t.Errorf("N7 %s: Strict-Transport-Security is %q", name, got)
		}
	}
	local, err := resource.ParseOrigin("https://localhost:9443")
	if err != nil {
		t.Fatal(err)
	}
	w := b.serve(b.gateway.Handler(gateway.Listener{Name: "public", Origin: local}), httptest.NewRequest("GET", "/x", nil))
	if w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("N7: localhost gets the header")
	}
}

func TestNew_RefusesWhatIsIncomplete(t *testing.T) {
	b := newBed(t)
	for name, edit := range map[string]func(*gateway.Config){
		"no name":                        func(c *gateway.Config) { c.Name = "" },
		"no verifier":                    func(c *gateway.Config) { c.Verifier = nil },
		"no key":                         func(c *gateway.Config) { c.AssertionSigner = nil },
		"no audit log":                   func(c *gateway.Config) { c.Audit = nil },
		"no clock":                       func(c *gateway.Config) { c.Clock = nil },
		"no metrics":                     func(c *gateway.Config) { c.Metrics = nil },
		"no logger":                      func(c *gateway.Config) { c.Logger = nil },
		"an upstream twice":              func(c *gateway.Config) { c.Upstreams = append(c.Upstreams, c.Upstreams[0]) },
		"an unknown upstream":            func(c *gateway.Config) { c.Routes[0].Upstream = "other" },
		"RS25 a route without a scope":   func(c *gateway.Config) { c.Routes[0].Scope = "" },
		"a public route with a scope":    func(c *gateway.Config) { c.Routes[0].UnsafePublic = "why not" },
		"a route twice":                  func(c *gateway.Config) { c.Routes = append(c.Routes, c.Routes[0]) },
		"a route without methods":        func(c *gateway.Config) { c.Routes[0].Methods = nil },
		"an upstream without encryption": func(c *gateway.Config) { c.Upstreams[0].URL = "http://127.0.0.1" },
	} {
		cfg := b.config()
		cfg.Metrics = prometheus.NewRegistry()
		edit(&cfg)
		if g, err := gateway.New(cfg); err == nil || g != nil {
			t.Errorf("%s: taken", name)
		}
	}
}
