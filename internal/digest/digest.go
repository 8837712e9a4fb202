// Package digest names what must be recognised and need not be kept.
//
// Invariant: a [Digest] is a SHA-256 and is compared in constant time. From
// the digest of a random secret nobody learns the secret, so a store may hold
// it (C3).
package digest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// Digest is the SHA-256 of a secret, or of any name that must be bounded in
// size before it is stored.
type Digest [sha256.Size]byte

// Of hashes s.
func Of(s string) Digest { return sha256.Sum256([]byte(s)) }

// Equal compares in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// Hex gives the digest in lower-case hexadecimal.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }
