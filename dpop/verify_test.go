package dpop_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/oauth"
)

func TestProof_RS7_RS8_RS9_Accepted(t *testing.T) {
	cases := []struct {
		name string
		make func() attempt
	}{
		{"RS7 a good proof", asked(func(*attempt) {})},
		{"RS7 PS256", forged(func(f *forgery) {
			f.header["alg"], f.header["jwk"] = "PS256", json.RawMessage(jwk(&keys().rsa.PublicKey))
			f.sign = ps256(keys().rsa)
		})},
		{"RS7 EdDSA", forged(func(f *forgery) {
			f.header["alg"], f.header["jwk"] = "EdDSA", json.RawMessage(jwk(keys().ed.Public()))
			f.sign = eddsa(keys().ed)
		})},
		{"RS7 a jti of 256 bytes", payload("jti", strings.Repeat("j", 256))},
		{"RS7 htu in other case, with the default port", payload("htu", "HTTPS://API.Example.com:443/accounts")},
		{"RS7 htu with query and fragment", payload("htu", theURI+"?a=b#c")},
		{"RS7 the request has a query", asked(func(a *attempt) { a.uri += "?page=2" })},
		{"RS7 no ath where no token came", func() attempt {
			a := payload("ath", nil)()
			a.token = dpop.NoToken()
			return a
		}},
		{"RS8 an ath where no token came", asked(func(a *attempt) { a.token = dpop.NoToken() })},
		{"RS8 an unknown header member", forged(func(f *forgery) { f.header["kid"], f.header["x"] = "1", 1 })},
		{"RS8 jku and x5u are not followed", forged(func(f *forgery) {
			f.header["jku"], f.header["x5u"] = "https://client.example/jwks", "https://client.example/x5u"
		})},
		{"RS8 an unknown claim", payload("aud", []string{"somebody"})},
		{"RS9 iat 60 s old", payload("iat", now.Unix()-60)},
		{"RS9 iat 10 s old", payload("iat", now.Unix()-10)},
		{"RS9 iat 10 s ahead", payload("iat", now.Unix()+10)},
		{"RS9 iat 30 s ahead", payload("iat", now.Unix()+30)},
		{"RS9 iat with a fraction", payload("iat", float64(now.Unix())+0.25)},
		{"RS9 iat 300 s old where that is allowed", func() attempt {
			a := payload("iat", now.Unix()-300)()
			a.maxAge = dpop.LongestMaxAge
			return a
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { mustVerify(t, c.make()) })
	}
}

func TestProof_RS10_RS13_AS63_NonceAccepted(t *testing.T) {
	sent := func(nonce string, rule dpop.NonceRule) attempt {
		a := payload("nonce", nonce)()
		a.rule = rule
		return a
	}
	unsent := func(rule dpop.NonceRule) attempt {
		a := goodAttempt(goodForgery().String())
		a.rule = rule
		return a
	}
	n, fresh := nonces(), nonces().Issue(now)
	cases := []struct {
		name string
		a    attempt
	}{
		{"RS13 a fresh nonce where one is required", sent(fresh, dpop.RequireNonce(n))},
		{"RS13 a nonce 60 s old of those that live 60 s", sent(n.Issue(now.Add(-time.Minute)), dpop.RequireNonce(n))},
		{"AS63 a nonce of a node whose clock is 30 s ahead", sent(n.Issue(now.Add(dpop.Skew)), dpop.RequireNonce(n))},
		{"RS13 a fresh nonce where none is required", sent(fresh, dpop.OptionalNonce(n))},
		{"RS13 no nonce where none is required", unsent(dpop.OptionalNonce(n))},
		{"RS10 a proof from before the start with a nonce issued since", sent(fresh, startedAt(-time.Second)(n))},
		{"RS10 a nonce issued at the very start", sent(n.Issue(now.Add(-time.Second)), startedAt(-time.Second)(n))},
		{"RS10 a proof that nobody can have used before the start", unsent(startedAt(-31 * time.Second)(n))},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { mustVerify(t, c.a) })
	}
}

func TestProof_RS7_RS10_SaysWhatIsToBeSpent(t *testing.T) {
	a := payload("nonce", nonces().Issue(now))()
	p := mustVerify(t, a)
	key, err := dpop.NewKey(keys().ec)
	if err != nil {
		t.Fatal(err)
	}
	if p.Thumbprint() != key.Thumbprint() || p.JTI() != "a-jti" || p.Nonce() == "" {
		t.Errorf("thumbprint %q, jti %q, nonce %q", p.Thumbprint(), p.JTI(), p.Nonce())
	}
	if p.IssuedAt().Unix() != now.Unix() {
		t.Errorf("issued at %s", p.IssuedAt())
	}
	// The jti may be forgotten only when no node takes the proof any more: one
	// whose clock is behind ours by the skew included.
	late := a
	late.rule = dpop.OptionalNonce(longNonces(t))
	late.now = p.SpendUntil().Add(-dpop.Skew + time.Nanosecond)
	late.headers = []string{goodForgery().String()}
	if _, err := late.verify(); err == nil {
		t.Error("RS10 the proof is still accepted when its jti is forgotten")
	}
}

func longNonces(t *testing.T) *dpop.Nonces {
	t.Helper()
	n, err := dpop.NewNonces([]byte("a root of the nonces, of 32 bytes or more"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestProof_RS7_AS62_MissingProofIsTold(t *testing.T) {
	_, err := goodAttempt().verify()
	if !errors.Is(err, dpop.ErrNoProof) {
		t.Errorf("no DPoP header gave %v, not ErrNoProof", err)
	}
	for _, headers := range [][]string{{""}, {"x"}, {"", ""}} {
		if _, err := goodAttempt(headers...).verify(); err == nil || errors.Is(err, dpop.ErrNoProof) {
			t.Errorf("headers %q gave %v: a bad proof is not a missing one", headers, err)
		}
	}
}

func TestProof_RS7_C4_PrivateKeyIsTheStatedCause(t *testing.T) {
	for _, c := range keyCases {
		if !strings.Contains(c.name, "private") && !strings.Contains(c.name, "symmetric") {
			continue
		}
		_, err := c.make().verify()
		if err == nil || !strings.Contains(oauth.AsRefusal(err).Cause.Error(), "private parameters") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestProof_RS9_MaxAgeHasBounds(t *testing.T) {
	for _, age := range []time.Duration{0, -time.Second, dpop.LongestMaxAge + 1} {
		a := goodAttempt(goodForgery().String())
		a.maxAge = age
		var r *oauth.Refusal
		if _, err := a.verify(); err == nil || errors.As(err, &r) {
			t.Errorf("maximum age %s gave %v", age, err)
		}
	}
}

func TestProof_RS7_RS13_ZeroValuesPanic(t *testing.T) {
	good := goodForgery().String()
	cases := map[string]func(){
		"RS7 zero Proof":      func() { _ = dpop.Proof{}.Thumbprint() },
		"RS7 zero Token":      func() { a := goodAttempt(good); a.token = dpop.Token{}; _, _ = a.verify() },
		"RS13 zero NonceRule": func() { a := goodAttempt(good); a.rule = dpop.NonceRule{}; _, _ = a.verify() },
		"RS13 no Nonces":      func() { dpop.OptionalNonce(nil) },
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			f()
		})
	}
}
