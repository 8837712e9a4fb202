package clientauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"testing"
	"time"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

const (
	issuer    = "https://as.example"
	clientID  = "partner"
	unmatched = "The client is unknown, or its credentials are not the registered ones."
)

var now = time.Unix(1_800_000_000, 0)

func newSigner(t testing.TB, kid string) *jose.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signerOf(t, key, kid, err)
}

func edwardsSigner(t testing.TB, kid string) *jose.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return signerOf(t, key, kid, err)
}

func signerOf(t testing.TB, key crypto.Signer, kid string, err error) *jose.Signer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, kid)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// goodClaims are the claims of an assertion without a fault, to be damaged.
func goodClaims() map[string]any {
	return map[string]any{
		"iss": clientID, "sub": clientID, "aud": issuer, "jti": "assertion-1",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

func with(name string, value any) map[string]any {
	c := goodClaims()
	c[name] = value
	return c
}

func lacking(name string) map[string]any {
	c := goodClaims()
	delete(c, name)
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

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func unsigned() string {
	return encode(map[string]any{"alg": "none", "typ": "JWT"}) + "." + encode(goodClaims()) + "."
}

// hmacByPublicKey is HS256 under the PEM of the client's registered key.
func hmacByPublicKey(t testing.TB, s *jose.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(s.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	signed := encode(map[string]any{"alg": "HS256", "kid": s.Public().KeyID}) + "." + encode(goodClaims())
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func rs256(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	signed := encode(map[string]any{"alg": "RS256"}) + "." + encode(goodClaims())
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// form writes name, value pairs as a request would.
func form(t testing.TB, pairs ...string) oauth.Parameters {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	p, err := oauth.ParseParameters(values.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func asserting(t testing.TB, assertion string, more ...string) oauth.Parameters {
	t.Helper()
	return form(t, append([]string{"client_assertion_type", oauth.AssertionTypeJWT, "client_assertion", assertion}, more...)...)
}

// authenticate is Read and Check as the token endpoint calls them.
func authenticate(p oauth.Parameters, headers []string, cert mtls.Certificate, c clientauth.Client, b *mtls.Bundle) (clientauth.Authenticated, error) {
	presented, err := clientauth.Read(p, headers, cert)
	if err != nil {
		return clientauth.Authenticated{}, err
	}
	return presented.Check(c, issuer, b, now)
}

// refused tells whether err is the refusal that is meant: rule, code and words.
func refused(err error, rule string, code oauth.Code, sentence string) bool {
	var r *oauth.Refusal
	return errors.As(err, &r) && r.Rule == rule && r.Code == code && r.Description == sentence
}
