package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

const (
	issuer      = "https://as.example"
	metadataURL = "https://as.example/.well-known/openid-configuration"
	keysURL     = "https://as.example/jwks.json"
)

// authority is an issuer whose documents a test may change at any time.
type authority struct {
	mu       sync.Mutex
	metadata string
	keys     string
	err      error
	panics   bool
	delay    time.Duration
	fetched  []time.Time // when the keys were asked for
	urls     []string
}

func newAuthority(kids ...string) *authority {
	a := &authority{metadata: fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, keysURL)}
	a.publish(kids...)
	return a
}

// publish makes the set of these kids what the next fetch gets.
func (a *authority) publish(kids ...string) {
	var keys []gojose.JSONWebKey
	for _, kid := range kids {
		keys = append(keys, gojose.JSONWebKey{Key: publicKey(kid), KeyID: kid, Algorithm: "ES256", Use: "sig"})
	}
	text, err := jose.NewKeySet(keys...).MarshalJSON()
	if err != nil {
		panic(err)
	}
	a.change(func() { a.keys = string(text) })
}

// change makes a change between two fetches.
func (a *authority) change(what func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	what()
}

// fail makes fetches fail until it is called with nil.
func (a *authority) fail(err error) { a.change(func() { a.err = err }) }

func (a *authority) fetch(ctx context.Context, url string) ([]byte, error) {
	a.mu.Lock()
	a.urls = append(a.urls, url)
	if url != metadataURL {
		a.fetched = append(a.fetched, time.Now())
	}
	metadata, keys, err, panics, delay := a.metadata, a.keys, a.err, a.panics, a.delay
	a.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	switch {
	case panics:
		panic("the fetcher broke")
	case err != nil:
		return nil, err
	case url == metadataURL:
		return []byte(metadata), nil
	case url == keysURL:
		return []byte(keys), nil
	}
	return nil, errors.New("no such document")
}

// fetches is how often the keys were asked for.
func (a *authority) fetches() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.fetched)
}

// requests is how often anything was asked for.
func (a *authority) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.urls)
}

func (a *authority) config() jwks.Config {
	return jwks.Config{Issuer: issuer, Fetch: a.fetch, Now: time.Now}
}

var madeKeys sync.Map

// publicKey is the key of a kid, the same at each call.
func publicKey(kid string) *ecdsa.PublicKey {
	key, ok := madeKeys.Load(kid)
	if !ok {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		key, _ = madeKeys.LoadOrStore(kid, &private.PublicKey)
	}
	return key.(*ecdsa.PublicKey)
}

// started is a cache of the authority's keys that runs to the end of the
// bubble and has made its first fetch.
func started(t *testing.T, cfg jwks.Config) *jwks.Cache {
	t.Helper()
	c, err := jwks.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return c
}

// pass lets the bubble's time go by, and what is then due be done.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func find(t *testing.T, c *jwks.Cache, kid string) error {
	t.Helper()
	_, err := c.Find(t.Context(), jose.Header{Algorithm: "ES256", KeyID: kid})
	return err
}

func found(t *testing.T, c *jwks.Cache, kid string) {
	t.Helper()
	if err := find(t, c, kid); err != nil {
		t.Errorf("RS24 the key %s is not found: %v", kid, err)
	}
}

// refused fails the test unless the error is the refusal of this code.
func refused(t *testing.T, err error, code oauth.Code) {
	t.Helper()
	var r *oauth.Refusal
	if !errors.As(err, &r) || r.Rule != "RS24" || r.Code != code {
		t.Errorf("got %v, want %s by RS24", err, code)
	}
}
