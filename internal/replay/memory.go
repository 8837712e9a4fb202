package replay

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse.example/internal/digest"
)

// sweepBudget is how many expired keys one Spend forgets at most. It is more
// than the one that a Spend adds, so the memory keeps up, and no caller waits
// for a sweep of everything.
const sweepBudget = 16

// Memory is a [Store] for a single node. Each spent key stands in one bucket
// by the second of its expiry, and a bucket is emptied once that second has
// passed; nothing ever walks over the keys that are still live.
type Memory struct {
	started time.Time
	limit   int

	mu      sync.Mutex
	issuers map[string]uint32 // a short name for each issuer
	live    map[entry]int64   // when it expires, in microseconds since 1970
	buckets map[int64][]entry // by the second of expiry
	order   seconds           // the buckets' seconds, the earliest first
}

// entry has no pointer, so the collector does not scan a million of them.
type entry struct {
	key    digest.Digest
	issuer uint32
}

// NewMemory makes an empty memory of at most limit keys, which are about 150
// bytes each. started is when it began to remember: the start of the process.
func NewMemory(started time.Time, limit int) *Memory {
	return &Memory{
		started: started,
		limit:   limit,
		issuers: map[string]uint32{},
		live:    map[entry]int64{},
		buckets: map[int64][]entry{},
	}
}

// Started is since when the memory knows what was spent (RS10).
func (m *Memory) Started() time.Time { return m.started }

// Len is how many keys the memory holds, expired ones not yet swept included.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.live)
}

// Spend implements [Store]. At the limit it fails with [ErrFull], for to
// forget something live would let it be used again (RS25).
func (m *Memory) Spend(ctx context.Context, issuer string, key digest.Digest, expires, now time.Time) (won bool, err error) {
	if !expires.After(now) {
		return false, ErrExpired
	}
	if err := ctx.Err(); err != nil {
		return false, err // nobody waits for the answer: burn nothing
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	e := entry{key: key, issuer: m.issuer(issuer)}
	until, known := m.live[e]
	if known && now.UnixMicro() < until {
		return false, nil
	}
	if !known && len(m.live) >= m.limit {
		return false, fmt.Errorf("%w: it holds %d keys", ErrFull, len(m.live))
	}
	until = forgetAt(expires)
	m.live[e] = until
	m.enqueue(e, time.UnixMicro(until).Unix())
	return true, nil
}

// lastMoment is the end of the year 9999. A later expiry counts as this one:
// far away either way, and out of the reach of integer overflow.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// forgetAt counts a part of a microsecond as a whole one, so that nothing is
// forgotten before its time.
func forgetAt(expires time.Time) (micros int64) {
	if expires.After(lastMoment) {
		expires = lastMoment
	}
	return expires.Add(time.Microsecond - 1).UnixMicro()
}

// issuer gives the issuer's short name. Issuers come from the configuration,
// so there are few.
func (m *Memory) issuer(name string) uint32 {
	n, ok := m.issuers[name]
	if !ok {
		n = uint32(len(m.issuers))
		m.issuers[name] = n
	}
	return n
}

func (m *Memory) enqueue(e entry, second int64) {
	if _, ok := m.buckets[second]; !ok {
		heap.Push(&m.order, second)
	}
	m.buckets[second] = append(m.buckets[second], e)
}

// sweep forgets some of the keys whose second has wholly passed.
func (m *Memory) sweep(now time.Time) {
	for budget := sweepBudget; budget > 0 && len(m.order) > 0 && m.order[0] < now.Unix(); {
		second := m.order[0]
		bucket := m.buckets[second]
		n := min(budget, len(bucket))
		for _, e := range bucket[len(bucket)-n:] {
			m.forget(e, now)
		}
		budget -= n
		if n == len(bucket) {
			delete(m.buckets, second)
			heap.Pop(&m.order)
			continue
		}
		m.buckets[second] = bucket[:len(bucket)-n]
	}
}

// forget leaves a key alone that was spent again after it had expired: it now
// stands in a later bucket.
func (m *Memory) forget(e entry, now time.Time) {
	if m.live[e] <= now.UnixMicro() {
		delete(m.live, e)
	}
}

// seconds is a heap of the times of the buckets.
type seconds []int64

func (s seconds) Len() int           { return len(s) }
func (s seconds) Less(i, j int) bool { return s[i] < s[j] }
func (s seconds) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *seconds) Push(x any)        { *s = append(*s, x.(int64)) }
func (s *seconds) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
