package resource_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"gatehouse.example/oauth"
)

// Of many who send one proof at once, one gets in (RS10).
func TestDecide_RS10_OneWinnerAmongMany(t *testing.T) {
	b := newBed(t)
	f := b.withProof(b.token())
	var won atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, err := b.decide(f)
			if err == nil {
				won.Add(1)
			} else if oauth.AsRefusal(err).Rule != "RS10" {
				t.Errorf("a loser was told %v", err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 got in", won.Load())
	}
}

func TestRun_RS24_FetchesKeysBeforeTheFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			b.verifier.Run(ctx)
			close(done)
		}()
		synctest.Wait()
		if err := b.verifier.Ready(); err != nil {
			t.Errorf("after the first fetch: %v", err)
		}
		if stats := b.verifier.Stats().Issuers[0]; stats.Fetches != 1 || !stats.Usable || stats.Keys != 1 || stats.Issuer != issuer {
			t.Errorf("the counters are %+v", stats)
		}
		cancel()
		<-done
	})
}
