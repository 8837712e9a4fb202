package policy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/policy"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

const (
	issuer   = "https://as.example"
	audience = "https://api.example"
	uri      = "https://api.example/accounts"
)

var now = time.Unix(1_800_000_000, 0)

// bed is an issuer, a client with a key and a certificate, and a stranger.
type bed struct {
	t        testing.TB
	signer   *jose.Signer
	key      *dpop.Key
	otherKey *dpop.Key
	nonces   *dpop.Nonces
	ca       *mtlstest.Authority
	partner  *mtls.Peer // verified by the listener
	stranger *mtls.Peer // of another certificate of the same authority
	any      *mtls.Peer // the partner's certificate, on a listener that admits any
	thumb    string     // of the partner's certificate
}

func newBed(t testing.TB) *bed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, ca: mtlstest.NewAuthority(t)}
	if b.signer, err = jose.NewSigner(key, ""); err != nil {
		t.Fatal(err)
	}
	if b.key, err = dpop.GenerateKey(); err != nil {
		t.Fatal(err)
	}
	if b.otherKey, err = dpop.GenerateKey(); err != nil {
		t.Fatal(err)
	}
	if b.nonces, err = dpop.NewNonces(make([]byte, 32), time.Minute); err != nil {
		t.Fatal(err)
	}
	certificate := b.ca.Client(t, "partner")
	bundle := b.ca.Bundle(t)
	b.partner = mtlstest.Peer(t, certificate, bundle)
	b.any = mtlstest.Peer(t, certificate, nil)
	b.stranger = mtlstest.Peer(t, b.ca.Client(t, "stranger"), bundle)
	presented, err := b.any.Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	b.thumb = presented.Thumbprint()
	return b
}

// expiring is a peer whose certificate ends at the given time.
func (b *bed) expiring(at time.Time) *mtls.Peer {
	c := b.ca.ClientWith(b.t, func(c *x509.Certificate) { c.NotAfter = at })
	return mtlstest.Peer(b.t, c, b.ca.Bundle(b.t))
}

// untrusted is a peer of another authority, on a listener with our bundle.
func (b *bed) untrusted() *mtls.Peer {
	return mtlstest.Peer(b.t, mtlstest.NewAuthority(b.t).Client(b.t, "partner"), b.ca.Bundle(b.t))
}

// nobody is a peer without a certificate on a listener that asks for none.
func (b *bed) nobody() *mtls.Peer { return mtlstest.Peer(b.t, tls.Certificate{}, nil) }

// claims are those of a good token bound to cnf.
func (b *bed) claims(cnf map[string]any) map[string]any {
	return map[string]any{
		"iss": issuer, "sub": "partner", "aud": audience, "client_id": "partner", "jti": "token-1",
		"scope": "accounts.read payments.read", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "cnf": cnf,
	}
}

func (b *bed) byKey() map[string]any { return map[string]any{"jkt": b.key.Thumbprint()} }

func (b *bed) byCertificate() map[string]any { return map[string]any{"x5t#S256": b.thumb} }

// token signs claims, and checks the signature as package resource does.
func (b *bed) token(claims map[string]any) (string, accesstoken.Verified) {
	raw, err := b.signer.Sign(accesstoken.Type, claims)
	if err != nil {
		b.t.Fatal(err)
	}
	unverified, err := accesstoken.Parse(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	verified, err := unverified.Verify([]string{"ES256"}, jose.NewKeySet(b.signer.Public()))
	if err != nil {
		b.t.Fatal(err)
	}
	return raw, verified
}

func (b *bed) proof(k *dpop.Key, method, uri, token string, at time.Time) []string {
	p, err := k.Proof(method, uri, token, "", at)
	if err != nil {
		b.t.Fatal(err)
	}
	return []string{p}
}

func (b *bed) rules() policy.Rules {
	return policy.Rules{
		Token:       accesstoken.Expect{Issuer: issuer, Audience: audience, Skew: accesstoken.MaxSkew},
		Scope:       "accounts.read",
		Nonces:      dpop.OptionalNonce(b.nonces),
		ProofMaxAge: dpop.DefaultMaxAge,
	}
}

// asked is one request before the policy.
type asked struct {
	facts  policy.Facts
	claims map[string]any
	rules  policy.Rules
	now    time.Time
	// proof makes the DPoP headers for the token; nil: one good proof for a
	// token sent by the DPoP scheme.
	proof func(token string) []string
}

func (b *bed) withKey() asked {
	return asked{
		facts:  policy.Facts{Scheme: oauth.TokenTypeDPoP, Proof: dpop.Request{Method: "GET", URI: uri}, Peer: b.nobody()},
		claims: b.claims(b.byKey()), rules: b.rules(), now: now,
	}
}

func (b *bed) withCertificate() asked {
	return asked{
		facts:  policy.Facts{Scheme: oauth.TokenTypeBearer, Proof: dpop.Request{Method: "GET", URI: uri}, Peer: b.partner},
		claims: b.claims(b.byCertificate()), rules: b.rules(), now: now,
	}
}

func (b *bed) decide(a asked) (policy.Verdict, error) {
	raw, verified := b.token(a.claims)
	a.facts.Token = raw
	switch {
	case a.proof != nil:
		a.facts.Proof.Headers = a.proof(raw)
	case a.facts.Scheme == oauth.TokenTypeDPoP:
		a.facts.Proof.Headers = b.proof(b.key, "GET", uri, raw, a.now)
	}
	return policy.Decide(&a.facts, verified, &a.rules, a.now)
}
