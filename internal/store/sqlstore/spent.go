package sqlstore

import (
	"context"
	"time"

	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
)

const spend statement = `
INSERT INTO spent (issuer, digest, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (issuer, digest) DO UPDATE SET expires_at = excluded.expires_at
WHERE spent.expires_at <= $4`

// Spend spends the key at its issuer until expires. Of all who spend the same
// key before then one has won. What does not expire after now is refused with
// replay.ErrExpired: the next one could spend it again.
func (s *Store) Spend(ctx context.Context, issuer string, key secret.Digest, expires, now time.Time) (won bool, err error) {
	if !expires.After(now) {
		return false, replay.ErrExpired
	}
	return s.short.contend(ctx, spend, issuer, key[:], moment(expires), now.UnixMicro())
}

const forgetSpent statement = `
DELETE FROM spent WHERE (issuer, digest) IN (
	SELECT issuer, digest FROM spent WHERE expires_at < $1 LIMIT $2)`
