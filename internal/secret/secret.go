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
	"fmt"
	"log/slog"

	"gatehouse.example/internal/digest"
)

const redacted = "[redacted]"

// Text is a secret that somebody else chose: a passphrase or a key's bytes.
// It stands behind a pointer, because fmt calls no method on an unexported
// field and would print a string there; of a pointer it prints the address.
type Text struct{ s *string }

// NewText wraps the secret s.
func NewText(s string) Text { return Text{&s} }

// Reveal returns the secret itself. Each call is a place to look at in review.
func (t Text) Reveal() string {
	if t.s == nil {
		return ""
	}
	return *t.s
}

// Empty tells whether there is no secret at all.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal compares in constant time.
func (t Text) Equal(o Text) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(o.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String, GoString, Format, MarshalText and LogValue all redact.
func (Text) String() string               { return redacted }
func (Text) GoString() string             { return redacted }
func (Text) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Text) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Handle is a random secret that we made: 256 bits, more than the 128 that
// SP 5.4.1-4 asks for (C3). The zero Handle panics when it is revealed or
// digested, so that a forgotten one is never handed out or stored.
type Handle struct{ t Text }

// NewHandle makes a fresh handle from the system's CSPRNG.
func NewHandle() Handle {
	var b [32]byte
	// crypto/rand.Read never returns an error; it ends the program instead.
	_, _ = rand.Read(b[:])
	return Handle{NewText(base64.RawURLEncoding.EncodeToString(b[:]))}
}

// Reveal returns the handle's text for the one who is to hold it.
func (h Handle) Reveal() string { return *h.t.s }

// Digest returns what a store keeps of the handle.
func (h Handle) Digest() Digest { return DigestOf(*h.t.s) }

// String, Format, MarshalText and LogValue all redact.
func (Handle) String() string               { return redacted }
func (Handle) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Handle) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Handle) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Digest is what is kept of a secret. It has a room of its own, which brings
// none of the sealing with it, because importable rooms use it too.
type Digest = digest.Digest

// DigestOf hashes s.
func DigestOf(s string) Digest { return digest.Of(s) }
