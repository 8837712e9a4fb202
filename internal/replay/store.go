package replay

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"gatehouse.example/internal/digest"
)

// The errors of a store that cannot remember. A caller denies on any error.
var (
	ErrFull    = errors.New("the replay store is full")
	ErrExpired = errors.New("what is to be spent has expired already")
)

// Store remembers what was spent.
type Store interface {
	// Spend records that issuer's key is used up until expires, and tells
	// whether this caller is the first. From expires on the key may be
	// forgotten. Nothing can be spent whose expires is not after now: it would
	// be forgotten at once, and the error is [ErrExpired] or one like it.
	Spend(ctx context.Context, issuer string, key digest.Digest, expires, now time.Time) (won bool, err error)
}

// Key makes the key of something used once: its kind, such as "dpop", and the
// parts that name it. Each is hashed behind its length, so that no two lists
// of parts give the same text.
func Key(kind string, parts ...string) digest.Digest {
	b := appendPart(make([]byte, 0, 512), kind) // most keys fit, and then stay on the stack
	for _, p := range parts {
		b = appendPart(b, p)
	}
	return sha256.Sum256(b)
}

func appendPart(b []byte, part string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(part))), part...)
}
