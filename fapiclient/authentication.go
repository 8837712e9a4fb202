package fapiclient

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// Authentication is how the client proves to the authorization server who it
// is. It is made by [PrivateKeyJWT] or [TLSClient]; [New] refuses the zero value.
type Authentication struct {
	key         crypto.Signer
	kid         string
	certificate *tls.Certificate
	signer      *jose.Signer // made of key by New
}

// PrivateKeyJWT authenticates by assertions signed with the key (RFC 7523,
// OpenID Connect Core §9). The algorithm follows from the key: ES256 for
// P-256, EdDSA for Ed25519, PS256 for RSA. An empty kid means the key's
// RFC 7638 thumbprint.
func PrivateKeyJWT(key crypto.Signer, kid string) Authentication {
	return Authentication{key: key, kid: kid}
}

// TLSClient authenticates by the certificate of the TLS connection
// (RFC 8705 §2.1).
func TLSClient(certificate tls.Certificate) Authentication {
	return Authentication{certificate: &certificate}
}

// method is the name by which the server's metadata calls it.
func (a Authentication) method() string {
	if a.certificate != nil {
		return oauth.AuthTLSClient
	}
	return oauth.AuthPrivateKeyJWT
}

// prepare makes the signer and refuses what the server does not offer.
func (a Authentication) prepare(m oauth.ServerMetadata) (Authentication, error) {
	if a.certificate == nil && a.key == nil {
		return a, stop("CL1", "The client has no way to authenticate: use PrivateKeyJWT or TLSClient.")
	}
	if !slices.Contains(m.TokenEndpointAuthMethodsSupported, a.method()) {
		return a, stop("CL1", "The authorization server does not offer the client authentication method "+a.method()+".")
	}
	if a.certificate != nil {
		return a, nil
	}
	signer, err := jose.NewSigner(a.key, a.kid)
	if err != nil {
		return a, stop("C1", "The client's key cannot sign assertions.").because(err)
	}
	if algs := m.TokenEndpointAuthSigningAlgValuesSupported; len(algs) > 0 && !offers(algs, signer.Algorithm()) {
		return a, stop("C1", "The authorization server does not accept assertions signed by "+signer.Algorithm()+".")
	}
	a.signer = signer
	return a, nil
}

// authenticate adds the client's proof of itself to a form. Every call makes a
// new assertion, whose audience is the issuer and nothing else (CL4).
func (a Authentication) authenticate(form url.Values, clientID, issuer string, now time.Time) error {
	if a.certificate != nil {
		form.Set("client_id", clientID) // RFC 8705 §2
		return nil
	}
	assertion, err := clientauth.NewAssertion(a.signer, clientID, issuer, now)
	if err != nil {
		return fmt.Errorf("signing the client assertion: %w", err)
	}
	form.Set("client_assertion_type", oauth.AssertionTypeJWT)
	form.Set("client_assertion", assertion)
	return nil
}

// Binding is what makes a token useless to a thief. It is made by [DPoP] or
// [Certificate]; [New] refuses the zero value, for there is no unbound token.
type Binding struct {
	key         *dpop.Key
	certificate *tls.Certificate
}

// DPoP binds tokens to a key, proved anew with each request (RFC 9449).
func DPoP(key *dpop.Key) Binding { return Binding{key: key} }

// Certificate binds tokens to the certificate of the TLS connection
// (RFC 8705 §3). It may go with either authentication; with [TLSClient] it
// must be the same certificate.
func Certificate(certificate tls.Certificate) Binding { return Binding{certificate: &certificate} }

// tokenType is the token_type that a token of this binding must have.
func (b Binding) tokenType() string {
	if b.key != nil {
		return oauth.TokenTypeDPoP
	}
	return oauth.TokenTypeBearer
}

// name says to what the binding binds, as a token remembers it.
func (b Binding) name() string {
	if b.key != nil {
		return "jkt:" + b.key.Thumbprint()
	}
	return "x5t#S256:" + thumbprint(b.certificate)
}

// check refuses what the server does not offer.
func (b Binding) check(m oauth.ServerMetadata, now time.Time) error {
	switch {
	case b.key == nil && b.certificate == nil:
		return stop("CL1", "The client binds its tokens to nothing: use DPoP or Certificate.")
	case b.certificate != nil && !m.TLSClientCertificateBoundAccessTokens:
		return stop("CL1", "The authorization server does not bind tokens to certificates.")
	case b.certificate != nil:
		return nil
	}
	// A proof that is never sent shows that the key works, and its algorithm.
	proof, err := b.key.Proof("POST", m.TokenEndpoint, "", "", now)
	if err != nil {
		return stop("CL21", "The DPoP key cannot sign proofs.").because(err)
	}
	if alg := readJWT(proof).alg; !offers(m.DPoPSigningAlgValuesSupported, alg) {
		return stop("CL1", "The authorization server does not accept DPoP proofs signed by "+alg+".")
	}
	return nil
}

// offers tells whether a list of algorithms has alg. Ed25519 is the name that
// RFC 9864 gives to EdDSA with that curve.
func offers(algs []string, alg string) bool {
	return slices.Contains(algs, alg) || alg == "EdDSA" && slices.Contains(algs, "Ed25519")
}

// oneCertificate gives the certificate to offer in TLS, nil when there is none.
func oneCertificate(a Authentication, b Binding) (*tls.Certificate, error) {
	for _, c := range []*tls.Certificate{a.certificate, b.certificate} {
		if c != nil && (len(c.Certificate) == 0 || c.PrivateKey == nil) {
			return nil, stop("CL1", "The client certificate is empty or has no private key.")
		}
	}
	switch {
	case a.certificate == nil:
		return b.certificate, nil
	case b.certificate != nil && thumbprint(a.certificate) != thumbprint(b.certificate):
		return nil, stop("CL1", "The client authenticates by one certificate and binds to another; one connection has only one.")
	}
	return a.certificate, nil
}

// thumbprint is the certificate's x5t#S256 (RFC 8705 §3.1).
func thumbprint(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
