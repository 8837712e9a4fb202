package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/crypto/argon2"
)

var (
	// ErrShortPassphrase says that the sealing key has too few characters.
	ErrShortPassphrase = fmt.Errorf("the sealing key has fewer than %d characters; make one with: openssl rand -base64 32", minPassphrase)
	// ErrWrongPassphrase says that the keyring was encrypted under another
	// passphrase, or was changed: the two cannot be told apart.
	ErrWrongPassphrase = errors.New("the sealing key does not open this database; give the sealing key that the database was made with")
)

const (
	minPassphrase = 16 // characters
	saltSize      = 16 // bytes, RFC 9106 §3.1
	kekSize       = 32 // bytes

	keyringMagic = "GHK1"
	headerSize   = len(keyringMagic) + 4 + 4 + 1 + saltSize

	// No keyring of ours asks for more, so a changed one cannot make the
	// server eat all memory before the change is noticed.
	maxPasses    = 16
	maxMemoryKiB = 1 << 20
)

// derivation is how the key that encrypts the keyring comes from the
// passphrase: argon2id with these parameters.
type derivation struct {
	passes    uint32
	memoryKiB uint32
	lanes     uint8
	salt      [saltSize]byte
}

// recommended is the second recommended option of RFC 9106 §4: three passes
// over 64 MiB in four lanes. Only this room's tests change it.
var recommended = derivation{passes: 3, memoryKiB: 64 * 1024, lanes: 4}

// newDerivation is the recommended one with a fresh salt.
func newDerivation() derivation {
	d := recommended
	_, _ = rand.Read(d.salt[:]) // never fails, see NewHandle
	return d
}

// keyEncryption derives the key-encryption key and gives the cipher under it.
func (d derivation) keyEncryption(passphrase Text) (tink.AEAD, error) {
	key := argon2.IDKey([]byte(passphrase.Reveal()), d.salt[:], d.passes, d.memoryKiB, d.lanes, kekSize)
	return subtle.NewXChaCha20Poly1305(key)
}

// header is how the parameters stand before the encrypted keyset; it is
// authenticated together with the keyset.
func (d derivation) header() []byte {
	h := []byte(keyringMagic)
	h = binary.BigEndian.AppendUint32(h, d.passes)
	h = binary.BigEndian.AppendUint32(h, d.memoryKiB)
	h = append(h, d.lanes)
	return append(h, d.salt[:]...)
}

func parseHeader(h []byte) (derivation, error) {
	if len(h) < headerSize || !bytes.HasPrefix(h, []byte(keyringMagic)) {
		return derivation{}, errors.New("the keyring in the database is damaged, or was written by a newer version of the program")
	}
	h = h[len(keyringMagic):]
	d := derivation{
		passes:    binary.BigEndian.Uint32(h),
		memoryKiB: binary.BigEndian.Uint32(h[4:]),
		lanes:     h[8],
		salt:      [saltSize]byte(h[9 : 9+saltSize]),
	}
	if d.passes < 1 || d.passes > maxPasses || d.lanes < 1 || d.memoryKiB < 8 || d.memoryKiB > maxMemoryKiB {
		return derivation{}, errors.New("the keyring in the database is damaged: its argon2id parameters are out of range")
	}
	return d, nil
}

func checkPassphrase(passphrase Text) error {
	if utf8.RuneCountInString(passphrase.Reveal()) < minPassphrase {
		return ErrShortPassphrase
	}
	return nil
}

// encryptNewKeyring makes a keyset of one XAES-256-GCM key, whose 192-bit
// nonces may be drawn at random as often as one likes, and encrypts it.
func encryptNewKeyring(passphrase Text) ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a keyring: %w", err)
	}
	d := newDerivation()
	kek, err := d.keyEncryption(passphrase)
	if err != nil {
		return nil, fmt.Errorf("make a keyring: %w", err)
	}
	out := bytes.NewBuffer(d.header())
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(out), kek, d.header()); err != nil {
		return nil, fmt.Errorf("make a keyring: %w", err)
	}
	return out.Bytes(), nil
}

func decryptKeyring(blob []byte, passphrase Text) (*keyset.Handle, error) {
	d, err := parseHeader(blob)
	if err != nil {
		return nil, err
	}
	kek, err := d.keyEncryption(passphrase)
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	r := keyset.NewBinaryReader(bytes.NewReader(blob[headerSize:]))
	handle, err := keyset.ReadWithAssociatedData(r, kek, blob[:headerSize])
	if err != nil {
		return nil, ErrWrongPassphrase
	}
	return handle, nil
}
