package accesstoken_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

const (
	issuer   = "https://as.example"
	audience = "https://api.example"
)

var now = time.Unix(1_800_000_000, 0)

var es256 = []string{"ES256"}

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

// goodClaims are the claims of a token without a fault, to be damaged.
func goodClaims() map[string]any {
	return map[string]any{
		"iss": issuer, "sub": "partner", "aud": audience, "client_id": "partner",
		"scope": "accounts.read", "jti": "token-1",
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
		"cnf": map[string]any{"jkt": "key-thumbprint"},
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

// unsigned is the classic attack: alg none and no signature.
func unsigned(alg string) string {
	return encode(map[string]any{"alg": alg, "typ": accesstoken.Type}) + "." + encode(goodClaims()) + "."
}

// hmacByPublicKey signs with HS256 under the PEM of the issuer's public key,
// which a verifier that trusts the header would take for a shared secret.
func hmacByPublicKey(t testing.TB, s *jose.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(s.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	signed := encode(map[string]any{"alg": "HS256", "typ": accesstoken.Type, "kid": s.Public().KeyID}) + "." + encode(goodClaims())
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func expectation() accesstoken.Expect {
	return accesstoken.Expect{Issuer: issuer, Audience: audience, Skew: accesstoken.MaxSkew}
}

// check runs the three parts as a resource server does.
func check(raw string, algs []string, set jose.KeySet, e accesstoken.Expect) error {
	unverified, err := accesstoken.Parse(raw)
	if err != nil {
		return err
	}
	verified, err := unverified.Verify(algs, set)
	if err != nil {
		return err
	}
	return accesstoken.Judge(verified, e, now)
}

// refused tells whether err is the refusal that is meant: rule, code and words.
func refused(err error, rule, sentence string) bool {
	var r *oauth.Refusal
	return errors.As(err, &r) && r.Rule == rule && r.Code == oauth.InvalidToken && r.Description == sentence
}
