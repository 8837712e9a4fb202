package jwks

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// Cache holds the keys of one issuer. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	spacing time.Duration // between the starts of two fetches that unknown keys cause

	current atomic.Pointer[snapshot] // nil until the first fetch succeeds
	count   counters

	mu        sync.Mutex
	flight    *flight   // the fetch under way, or nil
	lastStart time.Time // of the latest fetch
	lastError error     // of the latest fetch, nil when it succeeded
	unknown   unknownKids
}

// snapshot is what one successful fetch brought.
type snapshot struct {
	set        jose.KeySet
	digest     [sha256.Size]byte
	generation uint64
	fetchedAt  time.Time
}

// generations numbers the sets of all caches of this process, so that no two
// different sets ever share a number, also across a change of configuration.
var generations atomic.Uint64

// New makes an empty cache; [Cache.Run] fills it.
func New(cfg Config) (*Cache, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	return &Cache{
		cfg:     cfg,
		spacing: time.Minute / time.Duration(cfg.FetchesPerMinute),
		unknown: unknownKids{until: map[[sha256.Size]byte]time.Time{}},
	}, nil
}

// Current returns the keys, and a number that changes when they do. ok is
// false, and no key may be used, while there are none or the last good fetch
// is longer ago than MaxStale (or as far ahead, by a clock set back). It takes
// no lock.
func (c *Cache) Current() (set jose.KeySet, generation uint64, ok bool) {
	s := c.current.Load()
	if s == nil || c.cfg.Now().Sub(s.fetchedAt).Abs() > c.cfg.MaxStale {
		return jose.KeySet{}, 0, false
	}
	return s.set, s.generation, true
}

// Find returns a set with at least one key that may have signed a token of
// this header. When the key is unknown it waits for a fetch, unless one looked
// for that kid within the last 10 s or the rate of fetches forbids it.
//
// The error is a refusal under RS24: invalid_token when the issuer does not
// publish the key, temporarily_unavailable when its keys cannot be had.
func (c *Cache) Find(ctx context.Context, h jose.Header) (jose.KeySet, error) {
	set, _, ok := c.Current()
	if ok && len(set.Candidates(h)) > 0 {
		return set, nil
	}
	c.count.misses.Add(1)
	if ok && names(set, h.KeyID) {
		return jose.KeySet{}, unknownKey(errOtherAlgorithm) // a fetch would not change the key
	}
	f := c.lookFor(h.KeyID)
	if f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			return jose.KeySet{}, unavailable(ctx.Err())
		}
	}
	if set, _, ok = c.Current(); !ok {
		return jose.KeySet{}, unavailable(c.failure())
	}
	if len(set.Candidates(h)) > 0 {
		return set, nil
	}
	if f != nil && f.err == nil {
		c.remember(h.KeyID, f.started)
	}
	return jose.KeySet{}, unknownKey(errNotPublished)
}

var (
	errOtherAlgorithm = errors.New("the key of this kid does not make signatures of this algorithm")
	errNotPublished   = errors.New("no key of the issuer's set has this kid and algorithm")
	errNeverFetched   = errors.New("the keys have not been fetched")
)

func unknownKey(cause error) error {
	return oauth.Refuse("RS24", oauth.InvalidToken, "The token is signed by a key that its issuer does not publish.").Because(cause)
}

func unavailable(cause error) error {
	return oauth.Refuse("RS24", oauth.TemporarilyUnavailable, "The keys of the token's issuer cannot be had at the moment.").Because(cause)
}

func names(set jose.KeySet, kid string) bool {
	if kid == "" {
		return false
	}
	for _, k := range set.Keys() {
		if k.KeyID == kid {
			return true
		}
	}
	return false
}

// failure says why there are no keys.
func (c *Cache) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastError == nil {
		return errNeverFetched
	}
	return c.lastError
}
