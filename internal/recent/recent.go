// Package recent is a bounded memory of what was worked out a moment ago.
//
// Invariant: a [Cache] never holds more than its limit of bytes, by its users'
// own estimate, and no call takes longer for what is in it: entries live in
// two generations, and the older is dropped whole when the younger is full.
// The cache knows nothing of time; its user judges what it gives back.
package recent

import "sync"

// Cache remembers values by key. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	mu         sync.RWMutex
	young, old generation[K, V]
	half       int // bytes that one generation may hold
}

type generation[K comparable, V any] struct {
	entries map[K]entry[K, V]
	bytes   int
}

type entry[K comparable, V any] struct {
	key   K // as it was put, see [Cache.Get]
	value V
	bytes int
}

// New makes a cache of at most maxBytes.
func New[K comparable, V any](maxBytes int) *Cache[K, V] {
	c := &Cache[K, V]{half: maxBytes / 2}
	c.young.entries = map[K]entry[K, V]{}
	return c
}

// Get finds a value. One that is about to be dropped is kept a while longer,
// under the key by which it was put: the equal one of whoever asks may be a
// part of something large, which must not be kept for it.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.RLock()
	e, found := c.young.entries[key]
	aged := false
	if !found {
		e, aged = c.old.entries[key]
	}
	c.mu.RUnlock()
	if aged {
		c.Put(e.key, e.value, e.bytes)
	}
	return e.value, found || aged
}

// Put remembers a value of about so many bytes, in place of the key's former
// one. A value larger than half of the cache is not kept.
func (c *Cache[K, V]) Put(key K, value V, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	if bytes > c.half {
		return
	}
	if c.young.bytes+bytes > c.half {
		c.old = c.young
		c.young = generation[K, V]{entries: map[K]entry[K, V]{}}
	}
	c.young.entries[key] = entry[K, V]{key, value, bytes}
	c.young.bytes += bytes
}

// Drop forgets a key.
func (c *Cache[K, V]) Drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
}

func (c *Cache[K, V]) drop(key K) {
	for _, g := range []*generation[K, V]{&c.young, &c.old} {
		if e, found := g.entries[key]; found {
			delete(g.entries, key)
			g.bytes -= e.bytes
		}
	}
}

// Bytes tells how much the cache holds, by its users' estimate.
func (c *Cache[K, V]) Bytes() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.young.bytes + c.old.bytes
}
