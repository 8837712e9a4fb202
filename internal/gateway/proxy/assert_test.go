package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"gatehouse.example/internal/gateway/proxy"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
)

var now = time.Unix(1_800_000_000, 0)

func newUpstream(t testing.TB, edit ...func(*proxy.Config)) (*proxy.Upstream, *jose.Signer, error) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := proxy.Config{
		Name: "bank", URL: "https://bank.example/api", Audience: "bank", Timeout: time.Second, MaxBody: 1000,
		Gateway: "https://gateway.example", Signer: s,
	}
	for _, e := range edit {
		e(&cfg)
	}
	u, err := proxy.New(cfg)
	return u, s, err
}

var caller = assertion.Caller{
	Issuer: "https://as.example", ClientID: "partner", Subject: "partner", Scope: "accounts.read", Confirmation: confirmation.Claim{JKT: "k"},
}

// An assertion is sent again for at most 30 s, and only for the same caller,
// method and path.
func TestAssert_Reuse(t *testing.T) {
	u, s, err := newUpstream(t)
	if err != nil {
		t.Fatal(err)
	}
	get := func(c assertion.Caller, method, path string, at time.Time) string {
		t.Helper()
		raw, err := u.Assert(c, method, path, at)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	first := get(caller, "GET", "/accounts", now)
	if again := get(caller, "GET", "/accounts", now.Add(29*time.Second)); again != first {
		t.Error("after 29 s it is signed anew")
	}
	rescoped, rebound := caller, caller
	rescoped.Scope = "accounts.read payments.write"
	rebound.Confirmation = confirmation.Claim{JKT: "other"}
	for name, other := range map[string]string{
		"after 30 s":           get(caller, "GET", "/accounts", now.Add(30*time.Second)),
		"another method":       get(caller, "POST", "/accounts", now),
		"another path":         get(caller, "GET", "/accounts/1", now),
		"another scope":        get(rescoped, "GET", "/accounts", now),
		"another binding":      get(rebound, "GET", "/accounts", now),
		"nobody":               get(assertion.Caller{}, "GET", "/accounts", now),
		"a clock set backward": get(caller, "GET", "/accounts", now.Add(-time.Second)),
	} {
		if other == first {
			t.Errorf("%s: the same assertion", name)
		}
	}
	got, err := assertion.Verify(first, []string{"ES256"}, jose.NewKeySet(s.Public()), assertion.Expect{
		Issuer: "https://gateway.example",
		Call:   assertion.Call{Audience: "bank", Method: "GET", URI: "https://bank.example/api/accounts"},
	}, now.Add(59*time.Second))
	if err != nil || got != caller {
		t.Errorf("the upstream reads %+v, %v", got, err)
	}
}

func TestNew_RefusesWhatIsIncomplete(t *testing.T) {
	if _, _, err := newUpstream(t); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for name, edit := range map[string]func(*proxy.Config){
		"no name":        func(c *proxy.Config) { c.Name = "" },
		"http":           func(c *proxy.Config) { c.URL = "http://bank.example" },
		"no host":        func(c *proxy.Config) { c.URL = "https:///x" },
		"query":          func(c *proxy.Config) { c.URL = "https://bank.example?x" },
		"userinfo":       func(c *proxy.Config) { c.URL = "https://user@bank.example" },
		"encoded prefix": func(c *proxy.Config) { c.URL = "https://bank.example/a%2Fb" },
		"no audience":    func(c *proxy.Config) { c.Audience = "" },
		"no timeout":     func(c *proxy.Config) { c.Timeout = 0 },
		"no limit":       func(c *proxy.Config) { c.MaxBody = 0 },
		"no gateway":     func(c *proxy.Config) { c.Gateway = "" },
		"no key":         func(c *proxy.Config) { c.Signer = nil },
	} {
		if u, _, err := newUpstream(t, edit); err == nil || u != nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func BenchmarkAssert(b *testing.B) {
	u, _, err := newUpstream(b)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("same call", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = u.Assert(caller, "GET", "/accounts", now)
		}
	})
	b.Run("every call new", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, _ = u.Assert(caller, "GET", fmt.Sprintf("/accounts/%d", i), now)
		}
	})
}
