package mtls

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Certificate is a client certificate whose private key the peer of this
// connection holds. The zero value stands for "none was sent": only
// [Certificate.Present] may be called on it, every other method panics.
type Certificate struct{ c *certificate }

// certificate keeps what is derived from the leaf, computed once for each
// connection because every request asks for it.
type certificate struct {
	chain       []*x509.Certificate // as sent, leaf first
	thumbprint  string
	fingerprint string
	subject     string
	header      string
	verified    bool
}

func newCertificate(chain []*x509.Certificate) *certificate {
	leaf := chain[0]
	sum := sha256.Sum256(leaf.Raw)
	return &certificate{
		chain:       chain,
		thumbprint:  base64.RawURLEncoding.EncodeToString(sum[:]),
		fingerprint: hex.EncodeToString(sum[:]),
		subject:     renderName(leaf.RawSubject),
		header:      ":" + base64.StdEncoding.EncodeToString(leaf.Raw) + ":",
	}
}

// asVerified returns the same certificate marked as validated.
func (c *certificate) asVerified() *certificate {
	v := *c
	v.verified = true
	return &v
}

// Present tells whether the peer sent a certificate at all.
func (c Certificate) Present() bool { return c.c != nil }

// Thumbprint is the base64url SHA-256 of the certificate, the value of the
// x5t#S256 confirmation (RFC 8705 §3.1).
func (c Certificate) Thumbprint() string { return c.c.thumbprint }

// Fingerprint is the SHA-256 of the certificate in lower-case hexadecimal.
func (c Certificate) Fingerprint() string { return c.c.fingerprint }

// SubjectDN is the subject as an RFC 4514 string, last RDN first. Whatever is
// not printable ASCII is escaped, so that it is safe in a header field.
func (c Certificate) SubjectDN() string { return c.c.subject }

// Leaf returns the parsed certificate. The caller must not change it.
func (c Certificate) Leaf() *x509.Certificate { return c.c.chain[0] }

// Verified tells whether the chain was validated against the listener's
// bundle. On a listener that admits any certificate it is false.
func (c Certificate) Verified() bool { return c.c.verified }

// ClientCert is the value of the Client-Cert header field: the certificate as
// a byte sequence of structured fields (RFC 9440 §2.1, §2.2).
func (c Certificate) ClientCert() string { return c.c.header }

// VerifyAgainst validates the chain that the peer sent against a bundle, for
// a client authentication whose listener admits any certificate. The error is
// for the log; a nil bundle trusts nobody.
func (c Certificate) VerifyAgainst(b *Bundle, now time.Time) error {
	return b.Verify(c.c.chain, now)
}
