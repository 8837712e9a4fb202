package confirmation

import (
	"gatehouse.example/dpop"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Confirmation is a key or certificate whose possession was shown, to which a
// token is about to be bound.
type Confirmation struct{ c *confirmed }

type confirmed struct {
	claim     Claim
	tokenType string
}

// FromProof binds to the key that signed a checked DPoP proof (AS59). It
// panics on a zero proof.
func FromProof(p dpop.Proof) Confirmation {
	return Confirmation{&confirmed{claim: Claim{JKT: p.Thumbprint()}, tokenType: oauth.TokenTypeDPoP}}
}

// FromCertificate binds to the certificate of the connection (AS58). It panics
// on a zero certificate.
func FromCertificate(c mtls.Certificate) Confirmation {
	return Confirmation{&confirmed{claim: Claim{X5T: c.Thumbprint()}, tokenType: oauth.TokenTypeBearer}}
}

// Claim is the cnf claim of the token to be made.
func (c Confirmation) Claim() Claim { return c.c.claim }

// TokenType is the token_type of the response: "DPoP" for a key (RFC 9449
// §5), "Bearer" for a certificate (RFC 8705 §3).
func (c Confirmation) TokenType() string { return c.c.tokenType }

// String is the form in which a store keeps it: "jkt:..." or "x5t#S256:...".
func (c Confirmation) String() string {
	if c.c.claim.JKT != "" {
		return MethodKey + ":" + c.c.claim.JKT
	}
	return MethodCertificate + ":" + c.c.claim.X5T
}
