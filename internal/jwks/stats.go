package jwks

import (
	"sync/atomic"
	"time"
)

type counters struct {
	fetches, failures, misses, limited, remembered atomic.Uint64
}

// Stats is what an operator watches of one cache. The counts only grow.
type Stats struct {
	Fetches    uint64 // begun
	Failures   uint64 // of those, brought no usable set
	Misses     uint64 // tokens whose key was not in the set when they came
	Limited    uint64 // misses that caused no fetch because one had just been
	Remembered uint64 // misses of a kid that a fetch had just looked for in vain

	Usable     bool      // whether keys may be used now
	Keys       int       // in the set
	Generation uint64    // of the set; 0 before the first
	FetchedAt  time.Time // of the last good fetch; zero before the first
	LastError  error     // of the latest fetch; nil when it succeeded or none was made
}

// Stats returns the counts and the state as they are now.
func (c *Cache) Stats() Stats {
	s := Stats{
		Fetches:    c.count.fetches.Load(),
		Failures:   c.count.failures.Load(),
		Misses:     c.count.misses.Load(),
		Limited:    c.count.limited.Load(),
		Remembered: c.count.remembered.Load(),
	}
	if last := c.current.Load(); last != nil {
		s.Keys, s.Generation, s.FetchedAt = len(last.set.Keys()), last.generation, last.fetchedAt
	}
	_, _, s.Usable = c.Current()
	c.mu.Lock()
	defer c.mu.Unlock()
	s.LastError = c.lastError
	return s
}
