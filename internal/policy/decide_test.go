package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/policy"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/oauth"
)

type refusal struct {
	name string // begins with the rule
	ids  string
	code oauth.Code
	ask  func(*bed) asked
}

func key(edit func(*bed, *asked)) func(*bed) asked {
	return func(b *bed) asked {
		a := b.withKey()
		edit(b, &a)
		return a
	}
}

func certificate(edit func(*bed, *asked)) func(*bed) asked {
	return func(b *bed) asked {
		a := b.withCertificate()
		edit(b, &a)
		return a
	}
}

var refusals = []refusal{
	{"RS25 no scope is asked for", "RS25", oauth.ServerError, key(func(b *bed, a *asked) { a.rules.Scope = "" })},
	{"RS25 no rules at all", "RS25", oauth.ServerError, key(func(b *bed, a *asked) { a.rules = policy.Rules{} })},
	{"RS25 no audience is configured", "RS25", oauth.ServerError, key(func(b *bed, a *asked) { a.rules.Token.Audience = "" })},
	{"RS5 the certificate has expired since the handshake", "RS5", oauth.InvalidToken, key(func(b *bed, a *asked) {
		a.facts.Peer = b.expiring(now.Add(-time.Second))
	})},
	{"RS5 the certificate is of another authority", "RS5", oauth.InvalidToken, key(func(b *bed, a *asked) { a.facts.Peer = b.untrusted() })},
	{"RS6 the token is for another API", "RS2 RS6", oauth.InvalidToken, key(func(b *bed, a *asked) { a.claims["aud"] = "https://other.example" })},
	{"RS6 the token has expired", "RS2 RS6", oauth.InvalidToken, key(func(b *bed, a *asked) { a.claims["exp"] = now.Add(-time.Minute).Unix() })},
	{"RS4 no binding", "RS4", oauth.InvalidToken, key(func(b *bed, a *asked) { delete(a.claims, "cnf") })},
	{"RS4 an unknown binding alone", "RS4", oauth.InvalidToken, key(func(b *bed, a *asked) { a.claims["cnf"] = map[string]any{"kid": "x"} })},
	{"RS4 two bindings", "RS4", oauth.InvalidToken, key(func(b *bed, a *asked) {
		a.facts.Peer = b.partner
		a.claims["cnf"] = map[string]any{"jkt": b.key.Thumbprint(), "x5t#S256": b.thumb}
	})},
	{"RS4 a key's token where only the certificate's counts", "RS4", oauth.InvalidToken, key(func(b *bed, a *asked) {
		a.facts.Peer = b.any
		a.rules.CertificateBound = true
	})},
	{"RS11 a DPoP-bound token as a bearer token", "RS11", oauth.InvalidToken, key(func(b *bed, a *asked) { a.facts.Scheme = oauth.TokenTypeBearer })},
	{"RS11 a DPoP-bound token as a bearer token, with a good proof", "RS11", oauth.InvalidToken, key(func(b *bed, a *asked) {
		a.facts.Scheme = oauth.TokenTypeBearer
		a.proof = func(token string) []string { return b.proof(b.key, "GET", uri, token, now) }
	})},
	{"RS11 a certificate-bound token by the DPoP scheme", "RS11", oauth.InvalidToken, certificate(func(b *bed, a *asked) { a.facts.Scheme = oauth.TokenTypeDPoP })},
	{"RS5 a certificate-bound token without a certificate", "RS4 RS5", oauth.InvalidToken, certificate(func(b *bed, a *asked) { a.facts.Peer = b.nobody() })},
	{"RS5 a certificate-bound token without TLS", "RS4 RS5", oauth.InvalidToken, certificate(func(b *bed, a *asked) { a.facts.Peer = nil })},
	{"RS5 the certificate of another client", "RS4 RS5", oauth.InvalidToken, certificate(func(b *bed, a *asked) { a.facts.Peer = b.stranger })},
	{"RS7 no proof", "RS4 RS7", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) { a.proof = func(string) []string { return nil } })},
	{"RS7 two proofs", "RS7", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string {
			return append(b.proof(b.key, "GET", uri, token, now), b.proof(b.key, "GET", uri, token, now)...)
		}
	})},
	{"RS7 the proof is for another method", "RS7", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string { return b.proof(b.key, "POST", uri, token, now) }
	})},
	{"RS7 the proof is for another URI", "RS7", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string { return b.proof(b.key, "GET", uri+"/1", token, now) }
	})},
	{"RS7 the proof is for another token", "RS7", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(string) []string { return b.proof(b.key, "GET", uri, "another.token", now) }
	})},
	{"RS9 the proof is 61 s old", "RS9", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string { return b.proof(b.key, "GET", uri, token, now.Add(-61*time.Second)) }
	})},
	{"RS9 the proof is 31 s ahead", "RS9", oauth.InvalidDPoPProof, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string { return b.proof(b.key, "GET", uri, token, now.Add(31*time.Second)) }
	})},
	{"RS13 a nonce is demanded", "RS13", oauth.UseDPoPNonce, key(func(b *bed, a *asked) { a.rules.Nonces = dpop.RequireNonce(b.nonces) })},
	{"RS10b the proof is by another key", "RS4 RS10b", oauth.InvalidToken, key(func(b *bed, a *asked) {
		a.proof = func(token string) []string { return b.proof(b.otherKey, "GET", uri, token, now) }
	})},
	{"RS3 another scope", "RS3", oauth.InsufficientScope, key(func(b *bed, a *asked) { a.rules.Scope = "payments.write" })},
	{"RS3 a part of a scope's name", "RS3", oauth.InsufficientScope, key(func(b *bed, a *asked) { a.rules.Scope = "accounts" })},
	{"RS3 no scope in the token", "RS3", oauth.InsufficientScope, certificate(func(b *bed, a *asked) { delete(a.claims, "scope") })},
}

func (r refusal) rule() string {
	rule, _, _ := strings.Cut(r.name, " ")
	return rule
}

func (r refusal) holds(b *bed) error {
	_, err := b.decide(r.ask(b))
	refused := oauth.AsRefusal(err)
	if err == nil || refused.Rule != r.rule() || refused.Code != r.code {
		return errors.Join(errors.New("want "+r.rule()+" "+string(r.code)), err)
	}
	return nil
}

func TestDecide_RS2_RS3_RS4_RS5_RS6_RS7_RS9_RS10b_RS11_RS13_RS25_RefusalsByReason(t *testing.T) {
	b := newBed(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			if err := r.holds(b); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDecide_RS2_RS3_RS4_RS5_RS6_RS7_RS9_RS10b_RS11_RS13_RS25_EveryStepIsHeld(t *testing.T) {
	b := newBed(t)
	var cases []leaveout.Case
	for _, r := range refusals {
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool { return r.holds(b) == nil }})
	}
	leaveout.EachStep(t, policy.Steps(), policy.WithoutStep, cases)
}

func TestDecide_RS3_RS4_RS5_Allows(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		name   string
		ask    func(*bed) asked
		method string
	}{
		{"RS4 a token bound to the proof's key", key(func(*bed, *asked) {}), confirmation.MethodKey},
		{"RS4 the same on a listener of partners", key(func(b *bed, a *asked) { a.facts.Peer = b.stranger }), confirmation.MethodKey},
		{"RS5 a token bound to the connection's certificate", certificate(func(*bed, *asked) {}), confirmation.MethodCertificate},
		{"RS5 the same where any certificate is admitted", certificate(func(b *bed, a *asked) {
			a.facts.Peer = b.any
			a.rules.CertificateBound = true
		}), confirmation.MethodCertificate},
		{"RS5 a proof that nobody asked for is not looked at", certificate(func(b *bed, a *asked) {
			a.proof = func(string) []string { return []string{"x", "y"} }
		}), confirmation.MethodCertificate},
		{"RS3 the second of two scopes", key(func(b *bed, a *asked) { a.rules.Scope = "payments.read" }), confirmation.MethodKey},
		{"RS6 an issuer's clock 60 s ahead", key(func(b *bed, a *asked) {
			a.claims["iat"] = now.Add(time.Minute).Unix()
			a.claims["nbf"] = now.Add(time.Minute).Unix()
		}), confirmation.MethodKey},
		{"RS9 a proof 30 s ahead", key(func(b *bed, a *asked) {
			a.proof = func(token string) []string { return b.proof(b.key, "GET", uri, token, now.Add(30*time.Second)) }
		}), confirmation.MethodKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := b.decide(c.ask(b))
			if err != nil || v.Method != c.method {
				t.Errorf("%q, %v; want %q", v.Method, err, c.method)
			}
		})
	}
}

// A long-lived connection: the same peer is asked again on every request.
func TestDecide_RS5_CertificateIsJudgedOnEveryRequest(t *testing.T) {
	b := newBed(t)
	peer := b.expiring(now.Add(time.Minute))
	c, err := peer.Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	a := b.withCertificate()
	a.facts.Peer = peer
	a.claims["cnf"] = map[string]any{"x5t#S256": c.Thumbprint()}
	if _, err := b.decide(a); err != nil {
		t.Fatalf("before its end: %v", err)
	}
	a.now = now.Add(2 * time.Minute)
	_, err = b.decide(a)
	if r := oauth.AsRefusal(err); err == nil || r.Rule != "RS5" || r.Code != oauth.InvalidToken {
		t.Errorf("after its end: %v, want RS5 invalid_token", err)
	}
}

func TestDecide_RS25_ZeroTokenPanics(t *testing.T) {
	b := newBed(t)
	defer func() {
		if recover() == nil {
			t.Error("a zero token was judged")
		}
	}()
	a := b.withKey()
	_, _ = policy.Decide(&a.facts, accesstoken.Verified{}, &a.rules, now)
}
