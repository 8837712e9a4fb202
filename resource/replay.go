package resource

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/digest"
	"gatehouse.example/internal/replay"
)

// Replay remembers which DPoP proofs were used, together with the nonces that
// the memory relies on. A nil Replay is refused by [New]. It is made once for
// each process and survives a change of configuration.
type Replay struct {
	store  ReplayStore
	nonces *dpop.Nonces
	rule   dpop.NonceRule
}

// ReplayStore is a store that outlives this process or is shared by several
// nodes. Spend records the use of key until expires and tells whether this was
// its first use: of any number of callers with one key exactly one wins. An
// error denies.
type ReplayStore interface {
	Spend(ctx context.Context, namespace string, key [32]byte, expires, now time.Time) (won bool, err error)
}

// nonceLifetime is how long a nonce is good; after half of it an answer brings
// the next one.
const nonceLifetime = 5 * time.Minute

// MemoryReplay remembers up to limit proofs in memory, for a single node. What
// was used before a restart is forgotten, so proofs made before started (and
// the clock skew) must carry a nonce, and the nonces are made under a root of
// this memory's own: one from before the restart is worth nothing (RS10). At
// the limit every proof is denied.
func MemoryReplay(started time.Time, limit int) (*Replay, error) {
	if started.IsZero() || limit < 1 {
		return nil, errors.New("a replay memory needs the time of its start and a limit of at least one proof")
	}
	var root [32]byte
	_, _ = rand.Read(root[:]) // never fails
	nonces, err := dpop.NewNonces(root[:], nonceLifetime)
	if err != nil {
		return nil, err
	}
	return &Replay{memory{replay.NewMemory(started, limit)}, nonces, dpop.NonceForProofsBefore(nonces, started)}, nil
}

// SharedReplay uses a store that outlives this process. The nonces' root must
// be the same on every node.
func SharedReplay(store ReplayStore, nonces *dpop.Nonces) (*Replay, error) {
	if store == nil || nonces == nil {
		return nil, errors.New("a shared replay store needs the store and the nonces")
	}
	return &Replay{store, nonces, dpop.OptionalNonce(nonces)}, nil
}

type memory struct{ *replay.Memory }

func (m memory) Spend(ctx context.Context, namespace string, key [32]byte, expires, now time.Time) (bool, error) {
	return m.Memory.Spend(ctx, namespace, digest.Digest(key), expires, now)
}

// namespace keeps proofs at a resource server apart from all else in a store.
// It names no issuer: a proof is the client's word, and RS10 keys it by the
// client's key.
const namespace = "resource"

// spend records the proof and tells whether this was its first use.
func (r *Replay) spend(ctx context.Context, p dpop.Proof, now time.Time) (bool, error) {
	return r.store.Spend(ctx, namespace, replay.Key("dpop proof", p.Thumbprint(), p.JTI()), p.SpendUntil(), now)
}
