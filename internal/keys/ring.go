package keys

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/secret"
	"gatehouse.example/internal/signer"
)

// publishedAfter is how long a retired key stays public: longer than any token
// that it signed lives (AS71b).
const publishedAfter = time.Hour

// Ring is the signing keys of one issuer. It never changes.
type Ring struct {
	signer *jose.Signer
	public jose.KeySet
}

// OpenRing reads an issuer's keys from the store, and makes the first one
// (ES256) when there is none. A key that cannot be unsealed, or that is not
// what its row says, is an error: somebody has to be told of a lost key.
func OpenRing(ctx context.Context, store Store, sealer *secret.Sealer, issuer string, now time.Time) (*Ring, error) {
	rows, err := store.SigningKeys(ctx, issuer)
	if err == nil && len(rows) == 0 {
		rows, err = createFirst(ctx, store, sealer, issuer, now)
	}
	if err != nil {
		return nil, err
	}
	r := &Ring{}
	var public []gojose.JSONWebKey
	for _, row := range rows {
		s, err := open(sealer, row)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", row.ID, err)
		}
		switch {
		case row.RetiredAt.IsZero():
			r.signer = s // the newest signs: rows come oldest first
		case now.After(row.RetiredAt.Add(publishedAfter)):
			continue
		}
		public = append(public, s.Public())
	}
	if r.signer == nil {
		return nil, errors.New("every signing key is retired")
	}
	r.public = jose.NewKeySet(public...)
	return r, nil
}

// Signer signs by the issuer's newest key.
func (r *Ring) Signer() *jose.Signer { return r.signer }

// Public is the issuer's published key set: the key that signs, and those
// whose tokens may still be alive.
func (r *Ring) Public() jose.KeySet { return r.public }

// createFirst makes the issuer's first key. Whoever loses to another process
// uses the winner's.
func createFirst(ctx context.Context, store Store, sealer *secret.Sealer, issuer string, now time.Time) ([]Row, error) {
	key, err := signer.GenerateES256()
	if err != nil {
		return nil, err
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	row := Row{Issuer: issuer, ID: s.Public().KeyID, Algorithm: s.Algorithm(), CreatedAt: now}
	if row.Sealed, err = sealer.Seal(der, place(row)); err != nil {
		return nil, err
	}
	if _, err := store.CreateFirstSigningKey(ctx, row); err != nil {
		return nil, err
	}
	rows, err := store.SigningKeys(ctx, issuer)
	if err == nil && len(rows) == 0 {
		err = errors.New("the store has no key after one was created")
	}
	return rows, err
}

// place binds a sealed key to its row, so that a blob moved to another row, of
// another issuer above all, does not open.
func place(row Row) secret.Place {
	return secret.Place{Table: "signing_keys", Column: "private_key", Key: row.Issuer + " " + row.ID}
}

func open(sealer *secret.Sealer, row Row) (*jose.Signer, error) {
	der, err := sealer.Open(row.Sealed, place(row))
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("what was sealed is not a private key")
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("what was sealed is not a signing key")
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		return nil, err
	}
	if s.Public().KeyID != row.ID || s.Algorithm() != row.Algorithm {
		return nil, errors.New("the key is not the one that its row names")
	}
	return s, nil
}
