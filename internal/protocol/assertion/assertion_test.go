package assertion_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

const gateway = "https://gateway.example"

var (
	now    = time.Unix(1_800_000_000, 0)
	es256  = []string{"ES256"}
	call   = assertion.Call{Audience: "https://bank.example", Method: "GET", URI: "https://bank.example/accounts/1"}
	expect = assertion.Expect{Issuer: gateway, Call: call}
	caller = assertion.Caller{
		Issuer: "https://as.example", ClientID: "partner", Subject: "partner", Scope: "accounts.read payments.write",
		Confirmation: confirmation.Claim{JKT: "key-thumbprint"},
	}
)

func newSigner(t testing.TB) *jose.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// goodClaims are the claims of an assertion without a fault, to be damaged.
func goodClaims() map[string]any {
	return map[string]any{
		"iss": gateway, "aud": call.Audience, "htm": call.Method, "htu": call.URI, "jti": "1",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"token_iss": caller.Issuer, "sub": caller.Subject, "client_id": caller.ClientID, "scope": caller.Scope,
		"cnf": map[string]any{"jkt": "key-thumbprint"},
	}
}

func with(name string, value any) map[string]any {
	c := goodClaims()
	c[name] = value
	return c
}

func lacking(names ...string) map[string]any {
	c := goodClaims()
	for _, name := range names {
		delete(c, name)
	}
	return c
}

func sign(t testing.TB, s *jose.Signer, typ string, claims any) string {
	t.Helper()
	raw, err := s.Sign(typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSign_RoundTrip(t *testing.T) {
	s := newSigner(t)
	for _, c := range []assertion.Caller{caller, {}, {
		Issuer: "https://as.example", ClientID: "p", Subject: "p", Confirmation: confirmation.Claim{X5T: "certificate-thumbprint"},
	}} {
		raw, err := assertion.Sign(s, gateway, c, call, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{now, now.Add(assertion.ReuseFor), now.Add(59 * time.Second), now.Add(-30 * time.Second)} {
			got, err := assertion.Verify(raw, es256, jose.NewKeySet(s.Public()), expect, at)
			if err != nil || got != c {
				t.Errorf("at %s: %+v, %v; want %+v", at.Sub(now), got, err, c)
			}
		}
	}
	one, _ := assertion.Sign(s, gateway, caller, call, now)
	two, _ := assertion.Sign(s, gateway, caller, call, now)
	if one == two {
		t.Error("two assertions are the same: jti names none of them")
	}
}

func TestSign_RefusesWhatCouldNotBeVerified(t *testing.T) {
	s := newSigner(t)
	halves := caller
	halves.Confirmation = confirmation.Claim{}
	unnamed := caller
	unnamed.ClientID = ""
	noMethod := call
	noMethod.Method = ""
	for name, make := range map[string]func() (string, error){
		"caller without a binding": func() (string, error) { return assertion.Sign(s, gateway, halves, call, now) },
		"caller without a name":    func() (string, error) { return assertion.Sign(s, gateway, unnamed, call, now) },
		"no issuer":                func() (string, error) { return assertion.Sign(s, "", caller, call, now) },
		"no method":                func() (string, error) { return assertion.Sign(s, gateway, caller, noMethod, now) },
	} {
		if raw, err := make(); err == nil || raw != "" {
			t.Errorf("%s: signed", name)
		}
	}
}

type refusal struct {
	name     string
	ids      string
	typ      string // "" means the right one
	claims   map[string]any
	expect   *assertion.Expect
	sentence string
}

var refusals = []refusal{
	{name: "C7 an access token", ids: "C7", typ: "at+jwt", claims: goodClaims(), sentence: "The token is not a gateway's assertion."},
	{name: "C7 a client's assertion", ids: "C7", typ: "JWT", claims: goodClaims(), sentence: "The token is not a gateway's assertion."},
	{name: "RS6 another gateway", ids: "RS6", claims: with("iss", "https://evil.example"), sentence: "The assertion is from another gateway."},
	{name: "RS6 no issuer, and none expected", ids: "RS6", claims: lacking("iss"), expect: &assertion.Expect{Call: call}, sentence: "The assertion is from another gateway."},
	{name: "RS6 another upstream", ids: "RS6", claims: with("aud", "https://other.example"), sentence: "The assertion is for another upstream."},
	{name: "RS6 this upstream and another", ids: "RS6", claims: with("aud", []string{"https://bank.example", "https://other.example"}), sentence: "The assertion is for another upstream."},
	{name: "RS6 no audience", ids: "RS6", claims: lacking("aud"), sentence: "The assertion is for another upstream."},
	{name: "RS6 expired", ids: "RS6", claims: with("exp", now.Unix()), sentence: "The assertion has expired."},
	{name: "RS6 no expiry", ids: "RS6", claims: lacking("exp"), sentence: "The assertion has expired."},
	{name: "RS6 no time of issue", ids: "RS6", claims: lacking("iat"), sentence: "The assertion was issued in the future."},
	{name: "RS6 issued 31 s ahead", ids: "RS6", claims: with("iat", now.Add(31*time.Second).Unix()), sentence: "The assertion was issued in the future."},
	{name: "RS6 lives 61 s", ids: "RS6", claims: with("exp", now.Add(61*time.Second).Unix()), sentence: "The assertion lives longer than a minute."},
	{name: "RS6 no identifier", ids: "RS6", claims: lacking("jti"), sentence: "The assertion has no identifier."},
	{name: "RS7 another method", ids: "RS7", claims: with("htm", "POST"), sentence: "The assertion is for another method."},
	{name: "RS7 no method", ids: "RS7", claims: lacking("htm"), sentence: "The assertion is for another method."},
	{name: "RS7 another path", ids: "RS7", claims: with("htu", "https://bank.example/accounts/2"), sentence: "The assertion is for another address."},
	{name: "RS7 another host", ids: "RS7", claims: with("htu", "https://other.example/accounts/1"), sentence: "The assertion is for another address."},
	{name: "RS4 caller without a binding", ids: "RS4", claims: lacking("cnf"), sentence: "The assertion names a caller by halves."},
	{name: "RS4 caller with two bindings", ids: "RS4", claims: with("cnf", map[string]any{"jkt": "a", "x5t#S256": "b"}), sentence: "The assertion names a caller by halves."},
	{name: "RS4 caller without the token's issuer", ids: "RS4", claims: lacking("token_iss"), sentence: "The assertion names a caller by halves."},
	{name: "RS4 a scope of nobody", ids: "RS4", claims: lacking("token_iss", "sub", "client_id", "cnf"), sentence: "The assertion names a caller by halves."},
}

func (r refusal) run(t testing.TB, s *jose.Signer) error {
	typ, e := assertion.Type, expect
	if r.typ != "" {
		typ = r.typ
	}
	if r.expect != nil {
		e = *r.expect
	}
	_, err := assertion.Verify(sign(t, s, typ, r.claims), es256, jose.NewKeySet(s.Public()), e, now)
	return err
}

func refused(err error, rule, sentence string) bool {
	var r *oauth.Refusal
	return errors.As(err, &r) && r.Rule == rule && r.Code == oauth.InvalidToken && r.Description == sentence
}

func TestJudge_RS4_RS6_RS7_C7_RefusalsByReason(t *testing.T) {
	s := newSigner(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			rule, _, _ := strings.Cut(r.name, " ")
			if err := r.run(t, s); !refused(err, rule, r.sentence) {
				t.Errorf("got %v, want %s invalid_token: %s", err, rule, r.sentence)
			}
		})
	}
}

func TestJudge_RS4_RS6_RS7_C7_EveryStepIsHeld(t *testing.T) {
	s := newSigner(t)
	var cases []leaveout.Case
	for _, r := range refusals {
		rule, _, _ := strings.Cut(r.name, " ")
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool {
			return refused(r.run(t, s), rule, r.sentence)
		}})
	}
	leaveout.EachStep(t, assertion.Steps(), assertion.WithoutStep, cases)
}

func TestVerify_RS2_C1_C7_SignatureAndForm(t *testing.T) {
	s, stranger := newSigner(t), newSigner(t)
	set := jose.NewKeySet(s.Public())
	good := sign(t, s, assertion.Type, goodClaims())
	for _, c := range []struct {
		name, rule, sentence string
		raw                  string
		algorithms           []string
	}{
		{"RS2 by a stranger's key", "RS2", "The gateway's assertion has a signature that does not verify.", sign(t, stranger, assertion.Type, goodClaims()), es256},
		{"RS2 damaged", "RS2", "The gateway's assertion has a signature that does not verify.", damage(good), es256},
		{"RS2 no JWT", "RS2", "The gateway's assertion is malformed.", "a.b.c", es256},
		{"RS2 too large", "RS2", "The gateway's assertion is malformed.", strings.Repeat("a", 16<<10+1), es256},
		{"RS2 claims of another type", "RS2", "The gateway's assertion is malformed.", sign(t, s, assertion.Type, with("htm", 1)), es256},
		{"C7 an algorithm that this gateway does not use", "C7", "The gateway's assertion is signed by an algorithm that is not allowed.", good, []string{"PS256"}},
		{"C1 none", "C7", "The gateway's assertion is signed by an algorithm that is not allowed.", "eyJhbGciOiJub25lIn0.e30.", es256},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := assertion.Verify(c.raw, c.algorithms, set, expect, now)
			if !refused(err, c.rule, c.sentence) {
				t.Errorf("got %v, want %s invalid_token: %s", err, c.rule, c.sentence)
			}
		})
	}
}

// damage changes one character of the signature.
func damage(raw string) string {
	i := strings.LastIndexByte(raw, '.') + 10
	c := byte('A')
	if raw[i] == c {
		c = 'B'
	}
	return raw[:i] + string(c) + raw[i+1:]
}

func TestZeroVerifiedPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a zero Verified was judged")
		}
	}()
	_, _ = assertion.Judge(assertion.Verified{}, expect, now)
}
