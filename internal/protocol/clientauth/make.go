package clientauth

import (
	"crypto/rand"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

const (
	// AssertionType is the typ of the assertions that we make (trap 1).
	AssertionType = "client-authentication+jwt"
	// assertionLife is how long they are good.
	assertionLife = 60 * time.Second
)

// NewAssertion makes an assertion by which a client proves itself to the
// issuer with this identifier, once, within 60 s (RFC 7523 §3, CL4). There is
// no other form: aud is always the issuer as one string (trap 1).
func NewAssertion(s *jose.Signer, clientID, issuer string, now time.Time) (string, error) {
	return s.Sign(AssertionType, assertionClaims{
		Issuer:   clientID,
		Subject:  clientID,
		Audience: jose.OneAudience(issuer),
		Expires:  jose.DateOf(now.Add(assertionLife)),
		IssuedAt: jose.DateOf(now),
		ID:       rand.Text(),
	})
}
