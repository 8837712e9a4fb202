package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"sync"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
)

// The keys of these tests, made once: RSA keys take a while.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	p256, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, err2 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rsa2048, err3 := rsa.GenerateKey(rand.Reader, 2048)
	_, edwards, err4 := ed25519.GenerateKey(rand.Reader)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			panic(err)
		}
	}
	return map[string]crypto.Signer{"P-256": p256, "P-384": p384, "RSA": rsa2048, "Ed25519": edwards}
})

func signer(t testing.TB, key, kid string) *jose.Signer {
	t.Helper()
	s, err := jose.NewSigner(keys()[key], kid)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *jose.Signer, claims any) string {
	t.Helper()
	token, err := s.Sign("test+jwt", claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge signs with a header of the test's choice, by go-jose itself.
func forge(t testing.TB, alg gojose.SignatureAlgorithm, key any, header map[gojose.HeaderKey]any) string {
	t.Helper()
	opts := &gojose.SignerOptions{}
	for name, value := range header {
		opts.WithHeader(name, value)
	}
	s, err := gojose.NewSigner(gojose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign([]byte(`{"iss":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// raw writes a compact serialisation of any parts.
func raw(header, payload string) string {
	b := base64.RawURLEncoding
	return b.EncodeToString([]byte(header)) + "." + b.EncodeToString([]byte(payload)) + "." + b.EncodeToString(make([]byte, 64))
}

// jwk writes a public key as a JSON object, changed as the test likes.
func jwk(t testing.TB, key crypto.PublicKey, change map[string]any) map[string]any {
	t.Helper()
	text, err := gojose.JSONWebKey{Key: key, Use: "sig"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range change {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	return members
}

func set(t testing.TB, keys ...map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
