package grant

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/replay"
	"gatehouse.example/oauth"
)

// Machine is what a client asks for on its own behalf (RFC 6749 §4.4), after
// every part of it was checked.
type Machine struct {
	Issuer   string
	Audience string // exactly one (AS71)
	Scopes   oauth.Scopes
	Lifetime time.Duration
}

// Redeemed is a request whose one-time parts are spent and whose token is
// stored. It is minted once or never.
type Redeemed struct{ r *redeemed }

type redeemed struct{ issued Issued }

// RedeemMachine spends the jti of the client's assertion, then the jti of its
// proof, then stores the token to be, in this order (trap 9). A jti that was
// used before is refused: invalid_client for the assertion (AS9),
// invalid_dpop_proof for the proof (RS10). A store that fails is refused as
// temporarily_unavailable and nothing is issued.
func RedeemMachine(ctx context.Context, store Store, spender Spender, who clientauth.Authenticated, m Machine, held Possession, now time.Time) (Redeemed, error) {
	issued := Issued{
		Issuer:   m.Issuer,
		TokenID:  rand.Text(),
		ClientID: who.ClientID(),
		// RFC 9068 §2.2: the subject of a client's own token is the client (AS70).
		Subject:      who.ClientID(),
		GrantType:    oauth.GrantClientCredentials,
		Scope:        m.Scopes.String(),
		Audience:     m.Audience,
		Confirmation: held.Confirmation().String(),
		IssuedAt:     now,
		Expires:      now.Add(m.Lifetime),
	}
	if err := spendAssertion(ctx, spender, m.Issuer, who, now); err != nil {
		return Redeemed{}, err
	}
	if err := held.spend(ctx, spender, m.Issuer, now); err != nil {
		return Redeemed{}, err
	}
	if err := store.RedeemMachine(ctx, issued); err != nil {
		return Redeemed{}, unavailable(err)
	}
	return Redeemed{&redeemed{issued}}, nil
}

func spendAssertion(ctx context.Context, spender Spender, issuer string, who clientauth.Authenticated, now time.Time) error {
	jti, until, ok := who.AssertionID()
	if !ok {
		return nil
	}
	won, err := spender.Spend(ctx, issuer, replay.Key("assertion", who.ClientID(), jti), until, now)
	if err != nil {
		return unavailable(err)
	}
	if !won {
		return oauth.Refuse("AS9", oauth.InvalidClient, "The client assertion was used before.")
	}
	return nil
}

// unavailable is the answer when a store cannot say: to issue would be to
// guess (RS25).
func unavailable(cause error) error {
	return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, "The server cannot record tokens at the moment.").Because(cause)
}

// Issued is the record that was stored.
func (r Redeemed) Issued() Issued { return r.r.issued }

// errOtherBinding guards the stored record: the token must be bound to what
// was spent and stored.
var errOtherBinding = errors.New("token is to be bound to another key than was redeemed")

// Mint signs the token that was stored, bound to c, by the issuer's key.
func (r Redeemed) Mint(signer *jose.Signer, c confirmation.Confirmation) (string, error) {
	i := r.r.issued
	if c.String() != i.Confirmation {
		return "", errOtherBinding
	}
	return accesstoken.Sign(signer, accesstoken.Claims{
		Issuer:   i.Issuer,
		Subject:  i.Subject,
		Audience: jose.OneAudience(i.Audience),
		ClientID: i.ClientID,
		Scope:    i.Scope,
		ID:       i.TokenID,
		IssuedAt: jose.DateOf(i.IssuedAt),
		Expires:  jose.DateOf(i.Expires),
	}, c)
}
