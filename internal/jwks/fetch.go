package jwks

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

// flight is one fetch that all who need it share.
type flight struct {
	started time.Time
	cancel  context.CancelFunc
	done    chan struct{} // closed at the end
	err     error         // valid once done is closed
}

// lookFor joins the fetch under way or starts one for an unknown kid. It
// returns nil when that kid was just looked for or it is too soon.
func (c *Cache) lookFor(kid string) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	switch {
	case c.unknown.has(kid, now):
		c.count.remembered.Add(1)
		return nil
	case c.flight != nil:
		return c.flight
	case !c.lastStart.IsZero() && now.Sub(c.lastStart) < c.spacing && !now.Before(c.lastStart):
		c.count.limited.Add(1)
		return nil
	}
	return c.start(now)
}

// refresh joins the fetch under way or starts one, whatever the spacing: only
// Run calls it, at a pace that no token can change.
func (c *Cache) refresh() *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		return c.flight
	}
	return c.start(c.cfg.Now())
}

// remember notes that a fetch which started at that time did not bring the kid.
func (c *Cache) remember(kid string, started time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unknown.add(kid, started, c.cfg.Now())
}

// start begins a fetch that outlives the request that caused it. The caller
// holds the lock.
func (c *Cache) start(now time.Time) *flight {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	f := &flight{started: now, cancel: cancel, done: make(chan struct{})}
	c.flight, c.lastStart = f, now
	c.count.fetches.Add(1)
	go func() {
		defer cancel()
		set, digest, err := c.load(ctx)
		c.finish(f, set, digest, err)
	}()
	return f
}

// abandon ends the fetch under way and waits for its end.
func (c *Cache) abandon() {
	c.mu.Lock()
	f := c.flight
	c.mu.Unlock()
	if f != nil {
		f.cancel()
		<-f.done
	}
}

// load gets and reads the documents. A panic is a failed fetch (RS25), not the
// end of the server.
func (c *Cache) load(ctx context.Context) (set jose.KeySet, digest [sha256.Size]byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic while fetching keys: %v", cause)
		}
	}()
	uri := c.cfg.JWKSURI
	if uri == "" {
		metadata, err := c.cfg.Fetch(ctx, c.cfg.MetadataURL)
		if err != nil {
			return set, digest, fmt.Errorf("fetch metadata: %w", err)
		}
		if uri, err = parseMetadata(metadata, c.cfg.Issuer); err != nil {
			return set, digest, err
		}
	}
	body, err := c.cfg.Fetch(ctx, uri)
	if err != nil {
		return set, digest, fmt.Errorf("fetch keys: %w", err)
	}
	return parseKeys(body)
}

// finish publishes what the fetch brought, then lets go those who wait for it.
func (c *Cache) finish(f *flight, set jose.KeySet, digest [sha256.Size]byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.publish(set, digest, f.started)
	} else {
		c.count.failures.Add(1)
	}
	f.err, c.lastError, c.flight = err, err, nil
	close(f.done)
}

// publish counts the keys' age from the start of the fetch: they are as old as
// the question. The same keys keep their generation.
func (c *Cache) publish(set jose.KeySet, digest [sha256.Size]byte, at time.Time) {
	s := &snapshot{set: set, digest: digest, fetchedAt: at}
	if old := c.current.Load(); old != nil && old.digest == digest {
		s.generation = old.generation
	} else {
		s.generation = generations.Add(1)
	}
	c.current.Store(s)
}
