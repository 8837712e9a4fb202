package clientauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
)

// Client is what an issuer has registered about a client's authentication.
type Client struct {
	ID        string
	Method    string       // oauth.AuthPrivateKeyJWT or oauth.AuthTLSClient, the only one that counts
	Keys      jose.KeySet  // of private_key_jwt
	Algorithm string       // of private_key_jwt, pinned (C7)
	Subject   mtls.Subject // of tls_client_auth
}

// Authenticated is a client that has proved who it is. Only
// [Presented.Check] makes one; a zero value panics when asked.
type Authenticated struct{ a *authenticated }

type authenticated struct {
	clientID    string
	method      string
	assertionID string
	until       time.Time
	certificate mtls.Certificate
}

// ClientID is the client's identifier.
func (a Authenticated) ClientID() string { return a.a.clientID }

// Method is how the client authenticated.
func (a Authenticated) Method() string { return a.a.method }

// AssertionID is the jti of the assertion, which may be used once until the
// given time (AS9). It is false for a client that sent no assertion.
func (a Authenticated) AssertionID() (jti string, until time.Time, ok bool) {
	return a.a.assertionID, a.a.until, a.a.assertionID != ""
}

// Certificate is the certificate of the client's connection. It is not
// Present when the client sent none.
func (a Authenticated) Certificate() mtls.Certificate { return a.a.certificate }

// Decoy stands for a client that is not registered: checking against it costs
// what checking against a client costs, and always fails.
func Decoy() Client {
	decoyKeys() // made before the first check, or that one would take longer
	return Client{}
}

// decoyKey is a public key whose private half nobody has, of a type that can
// have signed by alg. It makes a failure without a key cost one signature
// check like any other.
func decoyKey(alg string) *gojose.JSONWebKey {
	return decoyKeys()[alg]
}

var decoyKeys = sync.OnceValue(func() map[string]*gojose.JSONWebKey {
	// None of these calls fails: the sizes are constants and crypto/rand ends
	// the program rather than return an error.
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	edwards, _, _ := ed25519.GenerateKey(rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	return map[string]*gojose.JSONWebKey{
		"ES256": {Key: ec.Public()},
		"EdDSA": {Key: edwards},
		"PS256": {Key: rs.Public()},
	}
})
