package sqlstore

import (
	"context"

	"gatehouse.example/internal/grant"
)

const redeemMachine statement = `
INSERT INTO issued_tokens (issuer, token_id, client_id, subject, grant_type,
	scope, audience, confirmation, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (issuer, token_id) DO NOTHING`

// RedeemMachine stores a token that a machine client is given, durably. The
// second one of the same issuer and id is grant.ErrIssuedBefore.
func (s *Store) RedeemMachine(ctx context.Context, i grant.Issued) error {
	won, err := s.durable.contend(ctx, redeemMachine,
		i.Issuer, i.TokenID, i.ClientID, i.Subject, i.GrantType,
		i.Scope, i.Audience, i.Confirmation, moment(i.IssuedAt), moment(i.Expires))
	if err == nil && !won {
		err = grant.ErrIssuedBefore
	}
	return err
}

const forgetTokens statement = `
DELETE FROM issued_tokens WHERE (issuer, token_id) IN (
	SELECT issuer, token_id FROM issued_tokens WHERE expires_at < $1 LIMIT $2)`
