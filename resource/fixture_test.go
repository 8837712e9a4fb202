package resource_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/resource"
)

const (
	issuer   = "https://as.example"
	keysURI  = "https://as.example/jwks"
	audience = "https://api.example"
	path     = "/accounts"
)

var (
	start     = time.Unix(1_800_000_000, 0)
	origin, _ = resource.ParseOrigin("https://api.example")
	read      = resource.Requirement{Scope: "accounts.read"}
)

// bed is an issuer, a verifier that trusts it, and a client with a key and a
// certificate.
type bed struct {
	t        testing.TB
	verifier *resource.Verifier
	replay   *resource.Replay

	signer, stranger *jose.Signer // the issuer's key, and one that it never published
	key, otherKey    *dpop.Key
	ca               *mtlstest.Authority
	certificate      tls.Certificate
	thumb            string

	mu      sync.Mutex
	now     time.Time
	keys    []byte // what the issuer publishes
	down    bool   // the issuer does not answer
	fetches int
}

func newBed(t testing.TB, edit ...func(*resource.Config)) *bed {
	t.Helper()
	b := &bed{
		t: t, signer: newSigner(t, newKey(t)), stranger: newSigner(t, newKey(t)), key: newDPoPKey(t), otherKey: newDPoPKey(t), now: start,
	}
	p := partner(t)
	b.ca, b.certificate, b.thumb = p.ca, p.certificate, p.thumb
	b.publish(b.signer)
	var err error
	// The replay memory is an hour old unless a test says otherwise.
	if b.replay, err = resource.MemoryReplay(start.Add(-time.Hour), 1000); err != nil {
		t.Fatal(err)
	}
	cfg := resource.Config{
		Issuers: []resource.Issuer{{URL: issuer, Audience: audience, Algorithms: []string{"ES256"}, JWKSURI: keysURI}},
		Replay:  b.replay, Now: b.clock,
	}
	for _, e := range edit {
		e(&cfg)
	}
	if b.verifier, err = resource.NewWithFetch(cfg, b.fetch); err != nil {
		t.Fatal(err)
	}
	return b
}

// aPartner is made once: no test changes it.
type aPartner struct {
	ca          *mtlstest.Authority
	certificate tls.Certificate
	thumb       string
}

var (
	partnerOnce sync.Once
	thePartner  aPartner
)

func partner(t testing.TB) aPartner {
	t.Helper()
	partnerOnce.Do(func() {
		p := aPartner{ca: mtlstest.NewAuthority(t)}
		p.certificate = p.ca.Client(t, "partner")
		presented, err := mtlstest.Peer(t, p.certificate, nil).Certificate(start)
		if err != nil {
			t.Fatal(err)
		}
		p.thumb = presented.Thumbprint()
		thePartner = p
	})
	return thePartner
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSigner(t testing.TB, key crypto.Signer) *jose.Signer {
	t.Helper()
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newDPoPKey(t testing.TB) *dpop.Key {
	t.Helper()
	k, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (b *bed) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bed) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// publish makes the issuer's key set of the signers.
func (b *bed) publish(signers ...*jose.Signer) {
	keys := []json.RawMessage{}
	for _, s := range signers {
		k, err := s.Public().MarshalJSON()
		if err != nil {
			b.t.Fatal(err)
		}
		keys = append(keys, k)
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys = text
}

func (b *bed) setDown(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

func (b *bed) fetch(_ context.Context, url string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fetches++
	if b.down || url != keysURI {
		return nil, errors.New("no answer")
	}
	return b.keys, nil
}

// claims are those of a good token, bound to the client's DPoP key.
func (b *bed) claims(edit ...func(map[string]any)) map[string]any {
	now := b.clock()
	c := map[string]any{
		"iss": issuer, "sub": "partner", "aud": audience, "client_id": "partner", "jti": "token-1", "scope": "accounts.read",
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "cnf": map[string]any{"jkt": b.key.Thumbprint()},
	}
	for _, e := range edit {
		e(c)
	}
	return c
}

func set(name string, value any) func(map[string]any) {
	return func(c map[string]any) { c[name] = value }
}

func unset(name string) func(map[string]any) { return func(c map[string]any) { delete(c, name) } }

func (b *bed) byCertificate() func(map[string]any) {
	return set("cnf", map[string]any{"x5t#S256": b.thumb})
}

func (b *bed) token(edit ...func(map[string]any)) string {
	return b.signed(b.signer, "at+jwt", b.claims(edit...))
}

func (b *bed) signed(s *jose.Signer, typ string, claims any) string {
	raw, err := s.Sign(typ, claims)
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// peer is a connection with a certificate, on a listener with our bundle.
func (b *bed) peer(c tls.Certificate) *mtls.Peer { return mtlstest.Peer(b.t, c, b.ca.Bundle(b.t)) }

// withProof is a request with the token and a fresh proof of it.
func (b *bed) withProof(token string) resource.Facts {
	return b.proved(token, b.key, "GET", origin.URI(path), "", b.clock())
}

func (b *bed) proved(token string, k *dpop.Key, method, uri, nonce string, at time.Time) resource.Facts {
	proof, err := k.Proof(method, uri, token, nonce, at)
	if err != nil {
		b.t.Fatal(err)
	}
	return resource.Facts{Method: "GET", URI: origin.URI(path), Authorization: []string{"DPoP " + token}, DPoP: []string{proof}}
}

// withCertificate is a request with the token over a connection of the peer.
func (b *bed) withCertificate(token string, p *mtls.Peer) resource.Facts {
	return resource.Facts{Method: "GET", URI: origin.URI(path), Authorization: []string{"Bearer " + token}, Peer: p}
}

func (b *bed) decide(f resource.Facts) (resource.Decision, error) {
	return b.verifier.Decide(b.t.Context(), f, read)
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// unsigned is the classic attack: alg none and no signature.
func (b *bed) unsigned() string {
	return encode(map[string]any{"alg": "none", "typ": "at+jwt"}) + "." + encode(b.claims()) + "."
}

// byPublicKey signs with HS256 under the issuer's public key.
func (b *bed) byPublicKey() string {
	der, err := x509.MarshalPKIXPublicKey(b.signer.Public().Key)
	if err != nil {
		b.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	signed := encode(map[string]any{"alg": "HS256", "typ": "at+jwt", "kid": b.signer.Public().KeyID}) + "." + encode(b.claims())
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// byRS256 is signed by an RSA key with RS256, which no FAPI issuer may use.
func (b *bed) byRS256() string {
	key, err := rsaKey()
	if err != nil {
		b.t.Fatal(err)
	}
	signed := encode(map[string]any{"alg": "RS256", "typ": "at+jwt", "kid": "rsa"}) + "." + encode(b.claims())
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		b.t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
