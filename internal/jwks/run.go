package jwks

import (
	"context"
	"math/rand/v2"
	"time"
)

// How soon a failed refresh is tried again: quickly while there are no keys,
// as when all the parts of a deployment start together, and gently while the
// last good ones still serve. Each doubles up to its longest.
const (
	firstRetryEmpty, longestRetryEmpty = 250 * time.Millisecond, 10 * time.Second
	firstRetry, longestRetry           = 10 * time.Second, time.Minute
)

// Run fetches the keys, and again ahead of the end of their 10 minutes, until
// the context ends. A fetch under way ends with it.
func (c *Cache) Run(ctx context.Context) {
	defer c.abandon()
	failures := 0
	for {
		seen := c.current.Load()
		if !sleep(ctx, c.untilRefresh(seen, failures)) {
			return
		}
		if c.current.Load() != seen { // an unknown key has caused a fetch meanwhile
			failures = 0
			continue
		}
		f := c.refresh()
		select {
		case <-f.done:
		case <-ctx.Done():
			return
		}
		if f.err == nil {
			failures = 0
		} else {
			failures++
		}
	}
}

// untilRefresh is how long to wait. Jitter keeps the nodes of a deployment from
// asking all at once.
func (c *Cache) untilRefresh(seen *snapshot, failures int) time.Duration {
	if failures > 0 {
		_, _, usable := c.Current()
		return jitter(retryAfter(failures, usable))
	}
	if seen == nil {
		return 0
	}
	left := jitter(keyLifetime*17/20) - c.cfg.Now().Sub(seen.fetchedAt)
	return min(left, keyLifetime) // more is left only if the clock was set back
}

func retryAfter(failures int, usable bool) time.Duration {
	wait, longest := firstRetryEmpty, longestRetryEmpty
	if usable {
		wait, longest = firstRetry, longestRetry
	}
	for range failures - 1 {
		if wait *= 2; wait >= longest {
			return longest
		}
	}
	return wait
}

// jitter spreads a wait over 90 to 110 per cent of it.
func jitter(d time.Duration) time.Duration {
	return d*9/10 + rand.N(d/5)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
