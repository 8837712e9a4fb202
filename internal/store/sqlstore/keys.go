package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatehouse.example/internal/keys"
)

const loadKeyring statement = `SELECT blob FROM keyring WHERE id = 1`

// LoadKeyring returns the sealed keyring, or nil when there is none.
func (s *Store) LoadKeyring(ctx context.Context) ([]byte, error) {
	var blob []byte
	err := s.durable.readers.QueryRowContext(ctx, string(loadKeyring)).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return blob, explain(s.durable.name, err)
}

const createKeyring statement = `
INSERT INTO keyring (id, blob) VALUES (1, $1)
ON CONFLICT (id) DO NOTHING`

// CreateKeyring stores the keyring if there is none.
func (s *Store) CreateKeyring(ctx context.Context, blob []byte) (won bool, err error) {
	return s.durable.contend(ctx, createKeyring, blob)
}

const signingKeys statement = `
SELECT issuer, kid, algorithm, private_key, created_at, retired_at
FROM signing_keys WHERE issuer = $1 ORDER BY created_at, kid`

// SigningKeys returns the issuer's keys, the oldest first.
func (s *Store) SigningKeys(ctx context.Context, issuer string) ([]keys.Row, error) {
	rows, err := s.durable.readers.QueryContext(ctx, string(signingKeys), issuer)
	if err != nil {
		return nil, explain(s.durable.name, err)
	}
	defer func() { _ = rows.Close() }()
	var found []keys.Row
	for rows.Next() {
		r, err := scanKey(rows)
		if err != nil {
			return nil, explain(s.durable.name, err)
		}
		found = append(found, r)
	}
	return found, explain(s.durable.name, rows.Err())
}

func scanKey(rows *sql.Rows) (keys.Row, error) {
	var r keys.Row
	var created int64
	var retired sql.Null[int64]
	if err := rows.Scan(&r.Issuer, &r.ID, &r.Algorithm, &r.Sealed, &created, &retired); err != nil {
		return keys.Row{}, err
	}
	r.CreatedAt = momentOf(created)
	if retired.Valid {
		r.RetiredAt = momentOf(retired.V)
	}
	return r, nil
}

const createFirstSigningKey statement = `
INSERT INTO signing_keys (issuer, kid, algorithm, private_key, created_at, retired_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE issuer = $1)
ON CONFLICT DO NOTHING`

// CreateFirstSigningKey stores the key if its issuer has none at all.
func (s *Store) CreateFirstSigningKey(ctx context.Context, r keys.Row) (won bool, err error) {
	return s.durable.contend(ctx, createFirstSigningKey,
		r.Issuer, r.ID, r.Algorithm, r.Sealed, moment(r.CreatedAt), optional(r.RetiredAt))
}

func optional(t time.Time) sql.Null[int64] {
	return sql.Null[int64]{V: moment(t), Valid: !t.IsZero()}
}
