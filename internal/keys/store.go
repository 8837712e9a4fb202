package keys

import (
	"context"
	"time"
)

// Row is one signing key as a store keeps it.
type Row struct {
	Issuer    string
	ID        string // kid: the key's RFC 7638 thumbprint
	Algorithm string // JWS algorithm
	Sealed    []byte // PKCS#8, sealed for its place
	CreatedAt time.Time
	RetiredAt time.Time // when it stopped signing; zero while it signs
}

// Store is what this room needs of a store.
type Store interface {
	// SigningKeys returns the keys of an issuer, retired ones too, oldest first.
	SigningKeys(ctx context.Context, issuer string) ([]Row, error)
	// CreateFirstSigningKey stores the row if its issuer has no key at all, by
	// one statement, and tells whether it did.
	CreateFirstSigningKey(ctx context.Context, row Row) (won bool, err error)
}
