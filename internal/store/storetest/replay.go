package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
)

// Replay runs the part of the contract that a use-once guard must keep, also
// one that is not a whole [Backend]. Each call of fresh gives an empty guard.
func Replay(t *testing.T, fresh func(t *testing.T) replay.Store) {
	t.Run("AS9 RS10 one of many spends a key", func(t *testing.T) {
		s := fresh(t)
		for round := range 5 {
			key := secret.DigestOf(fmt.Sprint("round ", round))
			n := winners(t, func(n int) (bool, error) {
				// The contenders' clocks and expiries differ a little.
				now := noon.Add(time.Duration(n) * time.Millisecond)
				return s.Spend(t.Context(), issuer, key, now.Add(time.Minute), now)
			})
			if n != 1 {
				t.Errorf("round %d: %d of %d won, want 1", round, n, contenders)
			}
		}
	})
	t.Run("AS9 RS10 the many do not hinder one another", func(t *testing.T) {
		s := fresh(t)
		n := winners(t, func(n int) (bool, error) {
			return s.Spend(t.Context(), issuer, secret.DigestOf(fmt.Sprint(n)), noon.Add(time.Minute), noon)
		})
		if n != contenders {
			t.Errorf("%d of %d won, want all", n, contenders)
		}
	})
	t.Run("AS9 RS10 each issuer has keys of its own", func(t *testing.T) {
		s := fresh(t)
		key := secret.DigestOf("a")
		for _, is := range []string{issuer, other} {
			wantSpend(t, s, is, key, noon.Add(time.Minute), noon, true)
		}
		for _, is := range []string{issuer, other} {
			wantSpend(t, s, is, key, noon.Add(time.Minute), noon, false)
		}
	})
	t.Run("AS9 RS10 a key differs by one bit", func(t *testing.T) {
		s := fresh(t)
		key := secret.DigestOf("a")
		wantSpend(t, s, issuer, key, noon.Add(time.Minute), noon, true)
		key[len(key)-1] ^= 1
		wantSpend(t, s, issuer, key, noon.Add(time.Minute), noon, true)
	})
	spendAndTime(t, fresh)
	t.Run("RS25 a caller that gave up has not won", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		won, err := fresh(t).Spend(ctx, issuer, secret.DigestOf("a"), noon.Add(time.Minute), noon)
		if won && err != nil {
			t.Errorf("won %v together with the error %v", won, err)
		}
	})
}

// spendAndTime holds that the times given decide, and no clock. A guard that
// asks one takes the first year for long expired or the last for far away.
func spendAndTime(t *testing.T, fresh func(t *testing.T) replay.Store) {
	for _, year := range []int{1971, 2001, 2100, 2200} {
		t.Run(fmt.Sprint("AS9 RS10 spent until it expires, in ", year), func(t *testing.T) {
			s := fresh(t)
			start := time.Date(year, 6, 7, 8, 9, 10, 123_456_789, time.UTC)
			until := start.Add(time.Minute)
			key := secret.DigestOf("a")
			wantSpend(t, s, issuer, key, until, start, true)
			for _, now := range []time.Time{start, start.Add(30 * time.Second), until.Add(-1)} {
				wantSpend(t, s, issuer, key, until, now, false)
			}
			// Losing has not shortened it either.
			wantSpend(t, s, issuer, key, start.Add(time.Second), start, false)
			wantSpend(t, s, issuer, key, until, until.Add(-1), false)
		})
	}
	for _, ago := range []time.Duration{0, 1, time.Hour} {
		t.Run(fmt.Sprint("AS9 RS10 a key expired ", ago, " ago is never won"), func(t *testing.T) {
			s := fresh(t)
			for range 2 {
				won, err := s.Spend(t.Context(), issuer, secret.DigestOf("a"), noon.Add(-ago), noon)
				if won || !errors.Is(err, replay.ErrExpired) {
					t.Errorf("won %v, error %v, want %v", won, err, replay.ErrExpired)
				}
			}
		})
	}
	t.Run("AS9 RS10 an expiry beyond reason is kept", func(t *testing.T) {
		s := fresh(t)
		for i, until := range []time.Time{time.Unix(math.MaxInt64/1_000_000_000, 0), time.Unix(1<<60, 0)} {
			key := secret.DigestOf(fmt.Sprint(i))
			var wins int
			for range 2 {
				if won, err := s.Spend(t.Context(), issuer, key, until, noon); won && err == nil {
					wins++
				}
			}
			if wins > 1 {
				t.Errorf("a key that expires at %v was won %d times", until, wins)
			}
		}
	})
}

func wantSpend(t *testing.T, s replay.Store, issuer string, key secret.Digest, until, now time.Time, want bool) {
	t.Helper()
	won, err := s.Spend(t.Context(), issuer, key, until, now)
	if err != nil {
		t.Fatalf("spend at %v: %v", now, err)
	}
	if won != want {
		t.Errorf("spend at %v of a key until %v: won is %v, want %v", now, until, won, want)
	}
}
