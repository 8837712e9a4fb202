package secret

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Place says where a sealed value is kept. It is authenticated with the value,
// so that a value moved to another row, column or table does not open.
type Place struct {
	Table  string // the table's name
	Column string // the column's name
	Key    string // the row's primary key
}

// Sealer encrypts what a store keeps and somebody must read back, such as a
// private key. It is made only by [OpenSealer] and is safe for concurrent use.
type Sealer struct{ aead tink.AEAD }

// KeyringStore keeps the one keyring of a deployment. The keyring is itself
// encrypted under the operator's passphrase, so the store learns nothing.
type KeyringStore interface {
	// LoadKeyring returns the stored keyring, or nil and no error when there
	// is none yet.
	LoadKeyring(ctx context.Context) (blob []byte, err error)
	// CreateKeyring stores the keyring if there is none. Of several callers
	// exactly one has won, and the others must load what the winner stored.
	CreateKeyring(ctx context.Context, blob []byte) (won bool, err error)
}

// OpenSealer opens the keyring in the store with the operator's passphrase,
// or makes the keyring when the store has none. When several servers start
// on an empty store at once, all of them end up with the same keyring.
//
// The errors to expect are [ErrShortPassphrase] and [ErrWrongPassphrase].
// It takes about a tenth of a second and 64 MiB of memory.
func OpenSealer(ctx context.Context, store KeyringStore, passphrase Text) (*Sealer, error) {
	if err := checkPassphrase(passphrase); err != nil {
		return nil, err
	}
	blob, err := loadOrCreate(ctx, store, passphrase)
	if err != nil {
		return nil, err
	}
	handle, err := decryptKeyring(blob, passphrase)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("the keyring cannot be used: %w", err)
	}
	return &Sealer{primitive}, nil
}

func loadOrCreate(ctx context.Context, store KeyringStore, passphrase Text) ([]byte, error) {
	blob, err := store.LoadKeyring(ctx)
	if err != nil || blob != nil {
		return blob, err
	}
	if blob, err = encryptNewKeyring(passphrase); err != nil {
		return nil, err
	}
	won, err := store.CreateKeyring(ctx, blob)
	if err != nil || won {
		return blob, err
	}
	if blob, err = store.LoadKeyring(ctx); err == nil && blob == nil {
		err = errors.New("the store says that it has a keyring and shows none")
	}
	return blob, err
}

// Seal encrypts plaintext for the place where it will be kept.
func (s *Sealer) Seal(plaintext []byte, p Place) ([]byte, error) {
	where, err := p.associatedData()
	if err != nil {
		return nil, err
	}
	return s.aead.Encrypt(plaintext, where)
}

// Open decrypts what [Sealer.Seal] made for the same place. Any change of the
// bytes or of the place is an error.
func (s *Sealer) Open(sealed []byte, p Place) ([]byte, error) {
	where, err := p.associatedData()
	if err != nil {
		return nil, err
	}
	plaintext, err := s.aead.Decrypt(sealed, where)
	if err != nil {
		return nil, fmt.Errorf("the sealed %s.%s does not open: it was changed, moved or sealed under another keyring", p.Table, p.Column)
	}
	return plaintext, nil
}

// Format redacts: a sealer holds keys.
func (*Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// associatedData writes each part with its length before it, so that no two
// places give the same bytes.
func (p Place) associatedData() ([]byte, error) {
	if p.Table == "" || p.Column == "" || p.Key == "" {
		return nil, errors.New("a sealed value needs the table, the column and the key of its place")
	}
	var out []byte
	for _, part := range []string{p.Table, p.Column, p.Key} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out, nil
}
