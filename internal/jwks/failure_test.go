package jwks_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/oauth"
)

var errDown = errors.New("the authorization server is down")

func TestCache_RS24_RS25_StaleOnlyUpToTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		cfg := a.config()
		cfg.MaxStale = 30 * time.Minute
		c := started(t, cfg)
		a.fail(errDown)
		pass(30 * time.Minute)
		found(t, c, "one")
		pass(time.Nanosecond)
		if _, _, ok := c.Current(); ok {
			t.Error("RS25 keys are used beyond the bound")
		}
		err := find(t, c, "one")
		refused(t, err, oauth.TemporarilyUnavailable)
		if s := c.Stats(); !errors.Is(err, errDown) || s.Usable || s.Failures == 0 || s.LastError == nil {
			t.Errorf("RS24 the cause is not told: %v, %+v", err, s)
		}
		a.fail(nil)
		pass(2 * time.Minute)
		found(t, c, "one")
	})
}

func TestCache_RS24_LastGoodKeysOutliveABadAnswer(t *testing.T) {
	for name, spoil := range map[string]func(*authority){
		"RS24 no JSON":             func(a *authority) { a.keys = "<html>" },
		"RS24 no keys":             func(a *authority) { a.keys = `{"keys":[]}` },
		"RS24 a private key":       func(a *authority) { a.keys = `{"keys":[{"kty":"oct","k":"AAAA"}]}` },
		"RS24 metadata of another": func(a *authority) { a.metadata = `{"issuer":"https://evil.example","jwks_uri":"` + keysURL + `"}` },
		"RS25 a panic":             func(a *authority) { a.panics = true },
		"RS24 no answer":           func(a *authority) { a.delay = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAuthority("one")
				c := started(t, a.config())
				_, generation, _ := c.Current()
				a.change(func() { spoil(a) })
				pass(20 * time.Minute)
				found(t, c, "one")
				_, now, _ := c.Current()
				if s := c.Stats(); now != generation || s.Failures == 0 || s.LastError == nil {
					t.Errorf("generation %d, then %d; %+v", generation, now, s)
				}
			})
		})
	}
}

func TestCache_RS24_RetriesGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		started(t, a.config())
		a.fail(errDown)
		pass(10 * time.Minute)
		before := a.requests()
		pass(10 * time.Minute)
		if tries := a.requests() - before; tries < 8 || tries > 12 {
			t.Errorf("RS24 %d tries in 10 minutes of failure", tries)
		}
	})
}

// All parts of a deployment start together: the keys must be there soon after
// their issuer is.
func TestCache_RS24_StartsBeforeItsIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		a.fail(errDown)
		c := started(t, a.config())
		if _, _, ok := c.Current(); ok {
			t.Fatal("RS25 an empty cache offers keys")
		}
		refused(t, find(t, c, "one"), oauth.TemporarilyUnavailable)
		pass(300 * time.Millisecond)
		a.fail(nil)
		pass(time.Second)
		found(t, c, "one")
	})
}

func TestCache_RS24_FindWorksWithoutRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := jwks.New(newAuthority("one").config())
		if err != nil {
			t.Fatal(err)
		}
		found(t, c, "one")
	})
}

func TestCache_RS24_RunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		c, err := jwks.New(a.config())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c.Run(ctx) // the bubble hangs, and fails, if it does not return
		if n := a.fetches(); n != 1 {
			t.Errorf("RS24 %d fetches", n)
		}
		a.change(func() { a.delay = 3 * time.Second })
		if c, err = jwks.New(a.config()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		c.Run(ctx)
		if waited := time.Since(begun); waited != time.Second {
			t.Errorf("RS24 a fetch under way kept Run for %s", waited)
		}
	})
}

func TestCache_RS24_RS25_ClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		var back atomic.Int64
		cfg := a.config()
		cfg.Now = func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
		c := started(t, cfg)
		pass(time.Minute)
		refused(t, find(t, c, "two"), oauth.InvalidToken)
		back.Store(int64(24 * time.Hour))
		if _, _, ok := c.Current(); ok {
			t.Error("RS25 keys from tomorrow are used")
		}
		a.publish("two")
		found(t, c, "two")
		back.Store(int64(48 * time.Hour))
		pass(20 * time.Minute)
		if _, _, ok := c.Current(); !ok {
			t.Error("RS24 the refresh waits for the clock to come back")
		}
	})
}

func TestNew_RS24_C4_Configuration(t *testing.T) {
	a := newAuthority("one")
	for name, change := range map[string]func(*jwks.Config){
		"RS24 no Fetch":                   func(c *jwks.Config) { c.Fetch = nil },
		"RS24 no Now":                     func(c *jwks.Config) { c.Now = nil },
		"RS24 no issuer":                  func(c *jwks.Config) { c.Issuer = "" },
		"C4 issuer over http":             func(c *jwks.Config) { c.Issuer = "http://as.example" },
		"C4 metadata over http":           func(c *jwks.Config) { c.MetadataURL = "http://as.example/metadata" },
		"C4 keys over http":               func(c *jwks.Config) { c.JWKSURI = "http://as.example/jwks" },
		"C4 keys from a file":             func(c *jwks.Config) { c.JWKSURI = "file:///jwks" },
		"C4 a password in the URL":        func(c *jwks.Config) { c.JWKSURI = "https://a:b@as.example/jwks" },
		"RS24 stale below 10 minutes":     func(c *jwks.Config) { c.MaxStale = 9 * time.Minute },
		"RS24 stale beyond a day":         func(c *jwks.Config) { c.MaxStale = 25 * time.Hour },
		"RS24 a negative rate of fetches": func(c *jwks.Config) { c.FetchesPerMinute = -1 },
		"RS24 61 fetches a minute":        func(c *jwks.Config) { c.FetchesPerMinute = 61 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := a.config()
			change(&cfg)
			if _, err := jwks.New(cfg); err == nil {
				t.Error("it is taken")
			}
		})
	}
}

func TestCache_RS24_ConfiguredKeysNeedNoMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority("one")
		cfg := a.config()
		cfg.JWKSURI = keysURL
		found(t, started(t, cfg), "one")
		if len(a.urls) != 1 || a.urls[0] != keysURL {
			t.Errorf("RS24 fetched %v", a.urls)
		}
	})
}
