package grant

import (
	"context"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/replay"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Possession is what a client has shown that it holds: a key, by a proof that
// counts once, or a certificate, by its connection.
type Possession struct{ p *possession }

type possession struct {
	confirmation confirmation.Confirmation
	proof        *dpop.Proof // nil for a certificate
}

// HeldKey is possession by a checked DPoP proof, whose jti is spent when the
// grant is redeemed.
func HeldKey(p dpop.Proof) Possession {
	return Possession{&possession{confirmation: confirmation.FromProof(p), proof: &p}}
}

// HeldCertificate is possession of the certificate of a connection.
func HeldCertificate(c mtls.Certificate) Possession {
	return Possession{&possession{confirmation: confirmation.FromCertificate(c)}}
}

// Confirmation is what the token is to be bound to.
func (h Possession) Confirmation() confirmation.Confirmation { return h.p.confirmation }

// spend uses up the proof. Proofs are told apart by key and jti (RS10), so
// that one client cannot spend another's.
func (h Possession) spend(ctx context.Context, spender Spender, issuer string, now time.Time) error {
	p := h.p.proof
	if p == nil {
		return nil
	}
	won, err := spender.Spend(ctx, issuer, replay.Key("dpop", p.Thumbprint(), p.JTI()), p.SpendUntil(), now)
	if err != nil {
		return unavailable(err)
	}
	if !won {
		return oauth.Refuse("RS10", oauth.InvalidDPoPProof, "The DPoP proof was used before.")
	}
	return nil
}
