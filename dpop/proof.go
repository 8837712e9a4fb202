package dpop

import (
	"slices"
	"time"
)

// Type is the typ header of every proof (RFC 9449 §4.2).
const Type = "dpop+jwt"

// The bounds of a proof, ours where RFC 9449 leaves them to the server.
const (
	DefaultMaxAge = 60 * time.Second  // how old a proof may be, by its iat (RS9)
	LongestMaxAge = 300 * time.Second // the most that a configuration may allow (RS9)
	Skew          = 30 * time.Second  // how far ahead of our clock iat may be (requirements, trap 3)

	maxProofBytes = 8 << 10
	maxJTIBytes   = 256
)

// algorithmNames are the JWS algorithms of a proof (SP 5.4.1, C1).
var algorithmNames = []string{"ES256", "PS256", "EdDSA"}

// Algorithms lists the JWS algorithms that a proof may be signed by, in the
// order in which a challenge names them (RFC 9449 §7.1).
func Algorithms() []string { return slices.Clone(algorithmNames) }

// Proof is a DPoP proof that passed every check of [Verify]. The zero value
// panics when it is asked anything.
type Proof struct{ p *proof }

type proof struct {
	thumbprint string
	jti        string
	nonce      string
	issuedAt   time.Time
	spendUntil time.Time
}

// Thumbprint is the base64url SHA-256 thumbprint of the key that signed the
// proof (RFC 7638): what cnf.jkt of a token must equal (RFC 9449 §6.1).
func (p Proof) Thumbprint() string { return p.p.thumbprint }

// JTI is the proof's identifier, 1 to 256 bytes that the client chose. It is
// unique only together with the thumbprint.
func (p Proof) JTI() string { return p.p.jti }

// IssuedAt is when the client says that it made the proof.
func (p Proof) IssuedAt() time.Time { return p.p.issuedAt }

// Nonce is the server's nonce in the proof, checked; "" when it has none.
func (p Proof) Nonce() string { return p.p.nonce }

// SpendUntil is until when thumbprint and jti must be remembered as spent:
// from then on the proof is too old on any node whose clock is within [Skew].
func (p Proof) SpendUntil() time.Time { return p.p.spendUntil }
