package dpop_test

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
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/dpop"
)

// What every test asks for, unless it says otherwise.
const (
	theURI   = "https://api.example.com/accounts"
	theToken = "an.access.token"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return b64(sum[:])
}

// keys are made once: what they are is not what the tests are about.
var keys = sync.OnceValue(func() (k struct {
	ec, other, p384 *ecdsa.PrivateKey
	rsa, smallRSA   *rsa.PrivateKey
	ed              ed25519.PrivateKey
}) {
	k.ec, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.other, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.p384, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.smallRSA, _ = rsa.GenerateKey(rand.Reader, 1024)
	k.ed = ed25519.NewKeyFromSeed([]byte("a fixed seed of thirty-two bytes"))
	return k
})

var nonces = sync.OnceValue(func() *dpop.Nonces {
	n, err := dpop.NewNonces([]byte("a root of the nonces, of 32 bytes or more"), time.Minute)
	if err != nil {
		panic(err)
	}
	return n
})

// jwk writes a key as JSON, private half and all if it has one.
func jwk(key any) string {
	b, err := gojose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// forgery is a proof whose every byte a test may choose. The maker of the
// package cannot make a wrong one.
type forgery struct {
	header  map[string]any
	rawHead string // the header's text, instead of header
	payload map[string]any
	rawBody string // the payload's text, instead of payload
	sign    func(input string) []byte
}

// goodForgery is a proof for the request that every test makes.
func goodForgery() forgery {
	key := keys().ec
	return forgery{
		header: map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": json.RawMessage(jwk(&key.PublicKey))},
		payload: map[string]any{
			"jti": "a-jti", "htm": "GET", "htu": theURI, "iat": now.Unix(), "ath": hashOf(theToken),
		},
		sign: es256(key),
	}
}

func (f forgery) String() string {
	head, body := f.rawHead, f.rawBody
	if head == "" {
		b, _ := json.Marshal(f.header)
		head = string(b)
	}
	if body == "" {
		b, _ := json.Marshal(f.payload)
		body = string(b)
	}
	input := b64([]byte(head)) + "." + b64([]byte(body))
	return input + "." + b64(f.sign(input))
}

func es256(key *ecdsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			panic(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}
}

func eddsa(key ed25519.PrivateKey) func(string) []byte {
	return func(input string) []byte { return ed25519.Sign(key, []byte(input)) }
}

func rs256(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		out, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return out
	}
}

func ps256(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		out, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], opts)
		if err != nil {
			panic(err)
		}
		return out
	}
}

// hs256 signs with the public key's bytes as the shared secret: the classic
// confusion of algorithms.
func hs256(public any) func(string) []byte {
	secret, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	return func(input string) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(input))
		return h.Sum(nil)
	}
}

func unsigned(string) []byte { return nil }

// attempt is one call of Verify.
type attempt struct {
	method, uri string
	headers     []string
	token       dpop.Token
	rule        dpop.NonceRule
	maxAge      time.Duration
	now         time.Time
}

func goodAttempt(headers ...string) attempt {
	return attempt{
		method: "GET", uri: theURI, headers: headers, token: dpop.WithToken(theToken),
		rule: dpop.OptionalNonce(nonces()), maxAge: dpop.DefaultMaxAge, now: now,
	}
}

func (a attempt) verify() (dpop.Proof, error) {
	return dpop.Verify(dpop.Request{Method: a.method, URI: a.uri, Headers: a.headers}, a.token, a.rule, a.maxAge, a.now)
}

// mustVerify fails the test unless the attempt gives a proof.
func mustVerify(t *testing.T, a attempt) dpop.Proof {
	t.Helper()
	p, err := a.verify()
	if err != nil {
		t.Fatalf("a good proof was refused: %v", err)
	}
	return p
}

func withoutMember(m map[string]any, name string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// duplicated gives the member a second value in the JSON text.
func duplicated(m map[string]any, name string, second any) string {
	b, _ := json.Marshal(m)
	v, _ := json.Marshal(second)
	return strings.TrimSuffix(string(b), "}") + fmt.Sprintf(",%q:%s}", name, v)
}
