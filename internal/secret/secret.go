// Package secret gives secrets a type.
//
// Invariant: a secret does not leave by accident. [Text] and [Handle] print as
// "[redacted]" by every verb of fmt, in JSON, YAML and slog; the plain text is
// had only by calling Reveal. Handles are compared in constant time and
// stored only as a [Digest]; what must be read back is sealed by a [Sealer].
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a secret that somebody else chose: a passphrase or a key's bytes.
type Text struct{ s string }

// NewText wraps the secret s.
func NewText(s string) Text { return Text{s} }

// Reveal returns the secret itself. Each call is a place to look at in review.
func (t Text) Reveal() string { return t.s }

// Empty tells whether there is no secret at all.
func (t Text) Empty() bool { return t.s == "" }

// Equal compares in constant time.
func (t Text) Equal(o Text) bool {
	a, b := sha256.Sum256([]byte(t.s)), sha256.Sum256([]byte(o.s))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String, GoString, Format, MarshalText and LogValue all redact.
func (Text) String() string               { return redacted }
func (Text) GoString() string             { return redacted }
func (Text) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Text) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Handle is a random secret that we made: 256 bits, more than the 128 that
// SP 5.4.1-4 asks for (C3).
type Handle struct{ t Text }

// NewHandle makes a fresh handle from the system's CSPRNG.
func NewHandle() Handle {
	var b [32]byte
	// crypto/rand.Read never returns an error; it ends the program instead.
	_, _ = rand.Read(b[:])
	return Handle{Text{base64.RawURLEncoding.EncodeToString(b[:])}}
}

// Reveal returns the handle's text for the one who is to hold it.
func (h Handle) Reveal() string { return h.t.s }

// Digest returns what a store keeps of the handle.
func (h Handle) Digest() Digest { return DigestOf(h.t.s) }

// String, Format, MarshalText and LogValue all redact.
func (Handle) String() string               { return redacted }
func (Handle) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Handle) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Handle) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Digest is the SHA-256 of a secret or of any name that must be bounded in
// size before it is stored.
type Digest [sha256.Size]byte

// DigestOf hashes s.
func DigestOf(s string) Digest { return sha256.Sum256([]byte(s)) }

// Equal compares in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// Hex gives the digest in lower-case hexadecimal.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }
