package resource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/recent"
)

// Verifier judges access tokens. It is safe for concurrent use.
type Verifier struct {
	issuers map[string]*issuer // by exact URL
	order   []*issuer
	replay  *Replay
	nonces  dpop.NonceRule
	now     func() time.Time
	maxAge  time.Duration

	tokens       *recent.Cache[[32]byte, *seenToken]
	hits, misses atomic.Uint64
}

const defaultCacheBytes = 32 << 20

// New checks the configuration and makes a verifier. It fetches nothing:
// [Verifier.Run] does, and until it has, requests are denied.
func New(cfg Config) (*Verifier, error) { return newVerifier(cfg, remoteKeys) }

func newVerifier(cfg Config, keys func(Issuer, func() time.Time) (keySource, error)) (*Verifier, error) {
	if len(cfg.Issuers) == 0 || cfg.Replay == nil || cfg.Now == nil {
		return nil, errors.New("a verifier needs issuers, a replay memory and a clock")
	}
	v := &Verifier{issuers: map[string]*issuer{}, replay: cfg.Replay, nonces: cfg.Replay.rule, now: cfg.Now, maxAge: cfg.ProofMaxAge}
	if cfg.RequireNonce {
		v.nonces = dpop.RequireNonce(cfg.Replay.nonces)
	}
	if v.maxAge == 0 {
		v.maxAge = dpop.DefaultMaxAge
	}
	if v.maxAge < 0 || v.maxAge > dpop.LongestMaxAge {
		return nil, fmt.Errorf("a DPoP proof may be at most %s old, not %s", dpop.LongestMaxAge, v.maxAge)
	}
	if cfg.TokenCacheBytes == 0 {
		cfg.TokenCacheBytes = defaultCacheBytes
	}
	v.tokens = recent.New[[32]byte, *seenToken](cfg.TokenCacheBytes)
	for _, terms := range cfg.Issuers {
		if v.issuers[terms.URL] != nil {
			return nil, fmt.Errorf("issuer %s is configured twice", terms.URL)
		}
		is, err := newIssuer(terms, cfg.Now, keys)
		if err != nil {
			return nil, fmt.Errorf("issuer %s: %w", terms.URL, err)
		}
		v.issuers[terms.URL] = is
		v.order = append(v.order, is)
	}
	return v, nil
}

// Run fetches and renews the issuers' keys until ctx ends.
func (v *Verifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, is := range v.order {
		all.Go(func() { is.keys.Run(ctx) })
	}
	all.Wait()
}

// Ready tells whether every issuer's keys are at hand; if not, the error names
// the issuers.
func (v *Verifier) Ready() error {
	var missing []string
	for _, is := range v.order {
		if _, _, ok := is.keys.Current(); !ok {
			missing = append(missing, is.terms.URL)
		}
	}
	if missing != nil {
		return errors.New("no keys yet of " + strings.Join(missing, ", "))
	}
	return nil
}
