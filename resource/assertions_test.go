package resource_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

const (
	gatewayName = "https://gateway.example"
	upstream    = "https://bank.example"
)

var (
	bank, _ = resource.ParseOrigin(upstream)
	someone = assertion.Caller{
		Issuer: issuer, ClientID: "partner", Subject: "partner", Scope: "accounts.read", Confirmation: confirmation.Claim{JKT: "thumbprint"},
	}
)

// bankBed is an API behind the gateway whose key is the bed's signer.
type bankBed struct {
	*bed
	verifier *resource.AssertionVerifier
	passed   []resource.Caller
}

func newBank(t testing.TB) *bankBed {
	t.Helper()
	b := &bankBed{bed: newBed(t)}
	var err error
	if b.verifier, err = resource.GatewayAssertionsWithFetch(b.config(), b.fetch); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bankBed) config() resource.GatewayConfig {
	return resource.GatewayConfig{
		Gateway: gatewayName, JWKSURI: keysURI, Algorithms: []string{"ES256"}, Audience: upstream, Origin: bank, Now: b.clock,
	}
}

// ServeHTTP is the API itself.
func (b *bankBed) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	c, ok := resource.CallerFrom(r.Context())
	if !ok {
		b.t.Error("no caller in the context")
	}
	b.passed = append(b.passed, c)
}

func (b *bankBed) assertion(s *jose.Signer, issuer string, caller assertion.Caller, method, uri string) string {
	raw, err := assertion.Sign(s, issuer, caller, assertion.Call{Audience: upstream, Method: method, URI: uri}, b.clock())
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

func (b *bankBed) good() string {
	return b.assertion(b.signer, gatewayName, someone, "GET", upstream+path)
}

func forwarded(assertions ...string) *http.Request {
	r := httptest.NewRequest("GET", path+"?page=2", nil)
	r.Header[assertion.Header] = assertions
	return r
}

type assertionRefusal struct {
	name string // begins with the rule
	ids  string
	code oauth.Code
	make func(*bankBed) *http.Request
}

func one(make func(*bankBed) string) func(*bankBed) *http.Request {
	return func(b *bankBed) *http.Request { return forwarded(make(b)) }
}

var assertionRefusals = []assertionRefusal{
	{"RS1 past the gateway", "RS1", oauth.InvalidToken, func(*bankBed) *http.Request { return forwarded() }},
	{"RS1 two assertions", "RS1", oauth.InvalidToken, func(b *bankBed) *http.Request { return forwarded(b.good(), b.good()) }},
	{"RS2 no JWT", "C7 RS2", oauth.InvalidToken, one(func(*bankBed) string { return "opaque" })},
	{"C7 alg none", "C7 RS2", oauth.InvalidToken, one(func(b *bankBed) string {
		return encode(map[string]any{"alg": "none", "typ": assertion.Type}) + ".e30."
	})},
	{"RS24 an unknown key", "RS24 RS25", oauth.InvalidToken, one(func(b *bankBed) string {
		return b.assertion(b.stranger, gatewayName, someone, "GET", upstream+path)
	})},
	{"RS24 no keys", "RS24 RS25", oauth.TemporarilyUnavailable, func(b *bankBed) *http.Request {
		b.setDown(true)
		return forwarded(b.good())
	}},
	{"RS2 a damaged signature", "RS2", oauth.InvalidToken, one(func(b *bankBed) string {
		raw := b.good()
		return raw[:len(raw)-20] + "AAAAAAAAAAAAAAAAAAAA"
	})},
	{"C7 an access token", "C7", oauth.InvalidToken, one(func(b *bankBed) string { return b.token() })},
	{"RS6 of another gateway", "RS6", oauth.InvalidToken, one(func(b *bankBed) string {
		return b.assertion(b.signer, "https://other.example", someone, "GET", upstream+path)
	})},
	{"RS7 for another path", "RS7", oauth.InvalidToken, one(func(b *bankBed) string {
		return b.assertion(b.signer, gatewayName, someone, "GET", upstream+"/accounts/2")
	})},
	{"RS7 for another method", "RS7", oauth.InvalidToken, one(func(b *bankBed) string {
		return b.assertion(b.signer, gatewayName, someone, "POST", upstream+path)
	})},
	{"RS25 nobody, where somebody is asked for", "RS25", oauth.InvalidToken, one(func(b *bankBed) string {
		return b.assertion(b.signer, gatewayName, assertion.Caller{}, "GET", upstream+path)
	})},
}

// holds lets the request in through the middleware and compares.
func (r assertionRefusal) holds(t testing.TB) error {
	rule, code := r.outcome(t)
	want, _, _ := cutWord(r.name)
	if rule != want || code != r.code {
		return errors.New("got " + rule + " " + string(code) + ", want " + want + " " + string(r.code))
	}
	return nil
}

func (r assertionRefusal) outcome(t testing.TB) (rule string, code oauth.Code) {
	b := newBank(t)
	_, err := b.verifier.Judge(r.make(b), false)
	if err == nil {
		return "", ""
	}
	refusal := oauth.AsRefusal(err)
	return refusal.Rule, refusal.Code
}

func cutWord(s string) (word, rest string, ok bool) {
	for i := range s {
		if s[i] == ' ' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func TestGatewayAssertions_RS1_RS2_RS6_RS7_RS24_RS25_C7_RefusalsByReason(t *testing.T) {
	for _, r := range assertionRefusals {
		t.Run(r.name, func(t *testing.T) {
			if err := r.holds(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGatewayAssertions_RS1_RS2_RS6_RS7_RS24_RS25_C7_EveryStepIsHeld(t *testing.T) {
	var cases []leaveout.Case
	for _, r := range assertionRefusals {
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool { return r.holds(t) == nil }})
	}
	leaveout.EachStep(t, resource.AssertionSteps(), resource.WithoutAssertionStep, cases)
}

func TestGatewayAssertions_Middleware(t *testing.T) {
	b := newBank(t)
	serve := func(h http.Handler, r *http.Request) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && (w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json") {
			t.Errorf("the refusal has the headers %v", w.Header())
		}
		return w.Code
	}
	raw := b.good()
	for range 3 { // the same assertion is sent again, and found in the cache
		if code := serve(b.verifier.Middleware(b), forwarded(raw)); code != 200 {
			t.Fatalf("a good assertion: %d", code)
		}
	}
	if c := b.passed[2]; c != (resource.Caller{Issuer: issuer, ClientID: "partner", Subject: "partner", Scope: "accounts.read", JKT: "thumbprint"}) {
		t.Errorf("the caller is %+v", c)
	}
	t.Run("RS7 a cached assertion is judged anew", func(t *testing.T) {
		r := forwarded(raw)
		r.Method = "DELETE"
		if code := serve(b.verifier.Middleware(b), r); code != 401 {
			t.Errorf("for another method: %d", code)
		}
	})
	t.Run("RS6 a cached assertion expires", func(t *testing.T) {
		b.advance(61 * time.Second)
		if code := serve(b.verifier.Middleware(b), forwarded(raw)); code != 401 {
			t.Errorf("after a minute: %d", code)
		}
	})
	nobody := b.assertion(b.signer, gatewayName, assertion.Caller{}, "GET", upstream+path)
	if code := serve(b.verifier.AdmitAnonymous(b), forwarded(nobody)); code != 200 || !b.passed[3].Anonymous {
		t.Errorf("nobody, where nobody may come: %d %+v", code, b.passed)
	}
	if code := serve(b.verifier.Middleware(b), forwarded(nobody)); code != 401 {
		t.Errorf("nobody, where somebody is asked for: %d", code)
	}
	t.Run("RS24 a cached assertion dies with its key", func(t *testing.T) {
		raw := b.good()
		if code := serve(b.verifier.Middleware(b), forwarded(raw)); code != 200 {
			t.Fatalf("before: %d", code)
		}
		b.publish(b.stranger)
		b.advance(11 * time.Second)
		news := b.assertion(b.stranger, gatewayName, someone, "GET", upstream+path)
		if code := serve(b.verifier.Middleware(b), forwarded(news)); code != 200 {
			t.Fatalf("of the new key: %d", code)
		}
		if code := serve(b.verifier.Middleware(b), forwarded(raw)); code != 401 {
			t.Errorf("after: %d", code)
		}
	})
}

func TestGatewayAssertions_RefusesWhatIsIncomplete(t *testing.T) {
	b := newBank(t)
	fetch := func(context.Context, string) ([]byte, error) { return nil, nil }
	for name, edit := range map[string]func(*resource.GatewayConfig){
		"no gateway":    func(c *resource.GatewayConfig) { c.Gateway = "" },
		"no keys":       func(c *resource.GatewayConfig) { c.JWKSURI = "" },
		"keys by http":  func(c *resource.GatewayConfig) { c.JWKSURI = "http://gateway.example/jwks" },
		"no algorithms": func(c *resource.GatewayConfig) { c.Algorithms = nil },
		"C1 HS256":      func(c *resource.GatewayConfig) { c.Algorithms = []string{"HS256"} },
		"no audience":   func(c *resource.GatewayConfig) { c.Audience = "" },
		"no origin":     func(c *resource.GatewayConfig) { c.Origin = resource.Origin{} },
		"no clock":      func(c *resource.GatewayConfig) { c.Now = nil },
	} {
		cfg := b.config()
		edit(&cfg)
		if v, err := resource.GatewayAssertionsWithFetch(cfg, fetch); err == nil || v != nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := resource.GatewayAssertions(b.config()); err != nil {
		t.Errorf("a good configuration: %v", err)
	}
}
