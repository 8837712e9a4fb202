package storetest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
)

// Backend is a store, or several that are opened and closed together.
type Backend interface {
	secret.KeyringStore
	keys.Store
	grant.Store
	replay.Store
	// Housekeep forgets what expired long before now.
	Housekeep(ctx context.Context, now time.Time) (removed int, err error)
	// Healthy tells whether the store can be written at this moment.
	Healthy(ctx context.Context) error
	// Close answers what waits, and loses nothing that was acknowledged.
	Close() error
}

// Open opens the backend that lives under the name dir, which is an existing
// folder of its own: the same name gives the same data again. It fails the
// test when it cannot.
type Open func(tb testing.TB, dir string) Backend

// The issuers of the cases, and a time that is neither past nor future enough
// to be mistaken for the clock's.
const (
	issuer = "https://as.example"
	other  = "https://as.example/other"
)

var noon = time.Date(2001, 2, 3, 12, 0, 0, 0, time.UTC)

// contenders is how many try the same at once.
const contenders = 64

// Run runs the whole contract. It must be called by a top-level test function
// and be all that it does, because the crash case runs that function again in
// a process of its own.
func Run(t *testing.T, open Open) {
	if dir := os.Getenv(crashDir); dir != "" {
		workUntilKilled(t, open, dir)
		return
	}
	fresh := func(t *testing.T) Backend {
		b := open(t, t.TempDir())
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return b
	}
	keyring(t, fresh)
	signingKeys(t, fresh)
	tokens(t, fresh)
	Replay(t, func(t *testing.T) replay.Store { return fresh(t) })
	forgetting(t, fresh)
	closed(t, fresh)
	reopened(t, open)
	crashed(t, open)
}

// together runs f contenders times at once, with the contender's number, and
// returns when all are done.
func together(f func(n int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(contenders)
	for n := range contenders {
		done.Go(func() {
			ready.Done()
			<-start
			f(n)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// winners counts who of the contenders has won. An error of any fails the test.
func winners(t *testing.T, try func(n int) (won bool, err error)) int {
	t.Helper()
	var mu sync.Mutex
	count := 0
	together(func(n int) {
		won, err := try(n)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Errorf("contender %d: %v", n, err)
		}
		if won {
			count++
		}
	})
	return count
}
