package confirmation

import (
	"errors"

	"gatehouse.example/dpop"
	"gatehouse.example/mtls"
)

// The confirmation methods that Gatehouse understands: the names of the
// members of cnf.
const (
	MethodKey         = "jkt"      // RFC 9449 §6.1
	MethodCertificate = "x5t#S256" // RFC 8705 §3.1
)

// The reasons why a cnf claim confirms nothing.
var (
	ErrNone = errors.New("cnf names no confirmation method that is known here")
	ErrTwo  = errors.New("cnf names two confirmation methods")
)

// Claim is a cnf claim. Members other than these two are ignored (RFC 7800
// §3.1), so a token that is bound by an unknown method alone is not bound.
type Claim struct {
	JKT string `json:"jkt,omitempty"`
	X5T string `json:"x5t#S256,omitempty"`
}

// Method tells which one method the claim names. A claim of none or of two is
// an error: nobody could say which of two was meant to hold.
func (c Claim) Method() (string, error) {
	switch {
	case c.JKT != "" && c.X5T != "":
		return "", ErrTwo
	case c.JKT != "":
		return MethodKey, nil
	case c.X5T != "":
		return MethodCertificate, nil
	}
	return "", ErrNone
}

// MatchesProof tells whether the claim names the proof's key and nothing else.
// It panics on a zero proof.
func (c Claim) MatchesProof(p dpop.Proof) bool {
	thumbprint := p.Thumbprint()
	return thumbprint != "" && c.JKT == thumbprint && c.X5T == ""
}

// MatchesCertificate tells whether the claim names the certificate and nothing
// else. It panics on a zero certificate.
func (c Claim) MatchesCertificate(cert mtls.Certificate) bool {
	thumbprint := cert.Thumbprint()
	return thumbprint != "" && c.X5T == thumbprint && c.JKT == ""
}
