package jwks_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

func TestCache_RS24_OneFetchServesTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		for range 70 { // 7 minutes
			found(t, c, "one")
			pass(6 * time.Second)
		}
		if n := a.fetches(); n != 1 {
			t.Errorf("RS24 %d fetches in 7 minutes", n)
		}
		if s := c.Stats(); s.Misses != 0 || !s.Usable || s.Keys != 1 || s.Generation == 0 || s.LastError != nil {
			t.Errorf("RS24 stats: %+v", s)
		}
	})
}

func TestCache_RS24_RefreshedAheadOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(time.Hour)
		for i := range a.fetches() - 1 {
			if gap := a.fetched[i+1].Sub(a.fetched[i]); gap < 7*time.Minute || gap >= 10*time.Minute {
				t.Errorf("RS24 refresh %d came after %s", i, gap)
			}
		}
		if n := a.fetches(); n < 6 || n > 9 {
			t.Errorf("RS24 %d fetches in an hour", n)
		}
		found(t, c, "one")
	})
}

func TestCache_RS24_UnknownKidSharesOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("old")
		c := started(t, a.config())
		pass(time.Minute)
		a.publish("old", "new")
		a.change(func() { a.delay = 200 * time.Millisecond })
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { found(t, c, "new") })
		}
		all.Wait()
		if n := a.fetches(); n != 2 {
			t.Errorf("RS24 %d fetches for one rotation", n)
		}
		if s := c.Stats(); s.Misses != 100 {
			t.Errorf("RS24 %d misses are counted of 100", s.Misses)
		}
	})
}

// flood presents unknown kids, a new one each time, until stop is closed.
func flood(t *testing.T, c *jwks.Cache, every time.Duration, stop chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(every):
			if err := find(t, c, "garbage "+strconv.Itoa(i)); err == nil {
				t.Error("RS24 an unknown kid was found")
			}
		}
	}
}

func TestCache_RS24_FloodCausesSixFetchesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(20 * time.Second)
		stop := make(chan struct{})
		go flood(t, c, 10*time.Millisecond, stop)
		pass(3 * time.Minute)
		close(stop)
		synctest.Wait()
		for i, at := range a.fetched {
			n := 0
			for _, other := range a.fetched[i:] {
				if other.Sub(at) < time.Minute {
					n++
				}
			}
			if n > 6 {
				t.Fatalf("RS24 %d fetches within a minute from %s", n, at)
			}
		}
		if s := c.Stats(); s.Misses < 17_000 || s.Limited == 0 || s.Fetches > 19 {
			t.Errorf("RS24 stats after the flood: %+v", s)
		}
		if n := c.UnknownKids(); n > jwks.MaxUnknown {
			t.Errorf("RS24 %d unknown kids are remembered", n)
		}
		found(t, c, "one")
	})
}

func TestCache_RS24_RotationDuringFlood(t *testing.T) {
	for _, published := range []time.Duration{0, time.Millisecond, 3 * time.Second, 9999 * time.Millisecond} {
		t.Run("RS24 published "+published.String()+" into the flood's second minute", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAuthority("old")
				c := started(t, a.config())
				stop := make(chan struct{})
				go flood(t, c, 10*time.Millisecond, stop)
				defer close(stop)
				pass(time.Minute + published)
				a.publish("old", "new")
				rotated := time.Now()
				for find(t, c, "new") != nil {
					if waited := time.Since(rotated); waited > 10*time.Second {
						t.Fatalf("RS24 the new key is refused after %s", waited)
					}
					pass(10 * time.Millisecond)
				}
			})
		})
	}
}

func TestCache_RS24_UnknownKidRememberedTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		cfg := a.config()
		cfg.FetchesPerMinute = 60
		c := started(t, cfg)
		pass(time.Minute)
		refused(t, find(t, c, "late"), oauth.InvalidToken)
		a.publish("one", "late")
		for range 9 {
			pass(time.Second)
			refused(t, find(t, c, "late"), oauth.InvalidToken)
		}
		if n := a.fetches(); n != 2 {
			t.Errorf("RS24 %d fetches while the kid is remembered as unknown", n)
		}
		pass(time.Second)
		found(t, c, "late")
		if s := c.Stats(); s.Remembered != 9 {
			t.Errorf("RS24 stats: %+v", s)
		}
	})
}

// The 10 s count from when the look began: the next look may find the key.
func TestCache_RS24_SlowFetchDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(time.Minute)
		a.change(func() { a.delay = time.Second })
		refused(t, find(t, c, "late"), oauth.InvalidToken) // takes 2 s: metadata, then keys
		a.publish("one", "late")
		pass(8 * time.Second)
		found(t, c, "late")
	})
}

func TestCache_RS24_FailedFetchMakesNoKidUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		cfg := a.config()
		cfg.FetchesPerMinute = 60
		c := started(t, cfg)
		pass(time.Minute)
		a.publish("one", "new")
		a.fail(errDown)
		refused(t, find(t, c, "new"), oauth.InvalidToken)
		a.fail(nil)
		pass(time.Second)
		found(t, c, "new")
	})
}

func TestCache_RS24_FetchForAKidPutsTheRefreshOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(7 * time.Minute)
		a.publish("one", "two")
		found(t, c, "two")
		pass(7 * time.Minute)
		if n := a.fetches(); n != 2 {
			t.Errorf("RS24 %d fetches", n)
		}
		pass(3 * time.Minute)
		if n := a.fetches(); n != 3 {
			t.Errorf("RS24 %d fetches, the refresh ahead of time among them", n)
		}
	})
}

func TestCache_RS24_AtMostTenThousandUnknownKids(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(time.Minute)
		a.change(func() { a.delay = time.Second }) // all of these wait for one fetch, which finds none of them
		var all sync.WaitGroup
		for i := range jwks.MaxUnknown + 500 {
			all.Go(func() { refused(t, find(t, c, "garbage "+strconv.Itoa(i)), oauth.InvalidToken) })
		}
		all.Wait()
		if n := c.UnknownKids(); n != jwks.MaxUnknown {
			t.Errorf("RS24 %d unknown kids are remembered", n)
		}
		pass(11 * time.Second)
		refused(t, find(t, c, "one more"), oauth.InvalidToken)
		if n := c.UnknownKids(); n != 1 {
			t.Errorf("RS24 %d unknown kids are remembered after 10 s", n)
		}
	})
}

func TestCache_RS24_C4_KeyOfTheTokenIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := started(t, newAuthority("one").config())
		pass(time.Minute)
		own := &gojose.JSONWebKey{Key: publicKey("the attacker's"), KeyID: "mine", Algorithm: "ES256"}
		_, err := c.Find(t.Context(), jose.Header{Algorithm: "ES256", KeyID: "mine", JWK: own})
		refused(t, err, oauth.InvalidToken)
	})
}

func TestCache_C4_RS24_SharedKidToldApartByAlgorithm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		a.keys = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},` + a.keys[len(`{"keys":[`):]
		c := started(t, a.config())
		for _, alg := range []string{"ES256", "EdDSA"} {
			set, err := c.Find(t.Context(), jose.Header{Algorithm: alg, KeyID: "one"})
			if err != nil || len(set.Candidates(jose.Header{Algorithm: alg, KeyID: "one"})) != 1 {
				t.Errorf("C4 kid one under %s: %v", alg, err)
			}
		}
		pass(time.Minute)
		_, err := c.Find(t.Context(), jose.Header{Algorithm: "PS256", KeyID: "one"})
		refused(t, err, oauth.InvalidToken)
		if n := a.fetches(); n != 1 {
			t.Errorf("RS24 a known kid under another algorithm caused %d fetches", n-1)
		}
	})
}

func TestCache_RS24_GenerationFollowsTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		_, first, _ := c.Current()
		pass(10 * time.Minute)
		if _, same, _ := c.Current(); same != first || a.fetches() != 2 {
			t.Errorf("RS24 the same keys are generation %d, then %d", first, same)
		}
		a.publish("two")
		pass(10 * time.Minute)
		set, next, _ := c.Current()
		if next == first || len(set.Keys()) != 1 || set.Keys()[0].KeyID != "two" {
			t.Errorf("RS24 other keys are generation %d", next)
		}
		refused(t, find(t, c, "one"), oauth.InvalidToken)
		_, other, _ := started(t, newAuthority("one").config()).Current()
		if other == first || other == next {
			t.Errorf("RS24 two caches share generation %d", other)
		}
	})
}

func TestCache_RS24_WaiterGivesUpWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c := started(t, a.config())
		pass(time.Minute)
		a.change(func() { a.delay = 2 * time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := c.Find(ctx, jose.Header{Algorithm: "ES256", KeyID: "two"})
		refused(t, err, oauth.TemporarilyUnavailable)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("RS24 after %s: %v", time.Since(begun), err)
		}
		pass(5 * time.Second) // the fetch goes on without its first asker
		if s := c.Stats(); s.Failures != 0 {
			t.Errorf("RS24 the shared fetch died with one request: %+v", s)
		}
	})
}
