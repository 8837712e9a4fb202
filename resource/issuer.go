package resource

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/internal/outbound"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
)

// issuer is one trusted authorization server.
type issuer struct {
	terms  Issuer
	expect accesstoken.Expect
	keys   keySource
	named  atomic.Pointer[namedKeys] // the keys of one generation of the set
}

// keySource is where an issuer's keys come from: a jwks.Cache, or a test's own.
type keySource interface {
	Run(ctx context.Context)
	Current() (set jose.KeySet, generation uint64, ok bool)
	Find(ctx context.Context, h jose.Header) (jose.KeySet, error)
	Stats() jwks.Stats
}

// remote is a cache of keys with the connection over which it fetches them.
type remote struct {
	*jwks.Cache
	client *outbound.Client
}

// Run fetches until ctx ends, and leaves no idle connection behind: every
// reload of a gateway makes a new verifier.
func (r remote) Run(ctx context.Context) {
	defer r.client.Close()
	r.Cache.Run(ctx)
}

// remoteKeys fetches an issuer's keys over https.
func remoteKeys(terms Issuer, now func() time.Time) (keySource, error) {
	client := outbound.New(outbound.Options{Roots: terms.Roots, AllowPrivate: terms.AllowPrivate})
	cache, err := jwks.New(jwks.Config{
		Issuer:  terms.URL,
		JWKSURI: terms.JWKSURI,
		Fetch: func(ctx context.Context, url string) ([]byte, error) {
			return client.Get(ctx, url, "application/json, */*")
		},
		Now:      now,
		MaxStale: terms.KeysMaxStale,
	})
	return remote{cache, client}, err
}

type namedKeys struct {
	generation  uint64
	thumbprints map[string]bool
}

// allowedAlgorithms are what an issuer may be configured for (C1).
var allowedAlgorithms = []string{"ES256", "PS256", "EdDSA"}

func newIssuer(terms Issuer, now func() time.Time, keys func(Issuer, func() time.Time) (keySource, error)) (*issuer, error) {
	if err := checkHTTPS(terms.URL); err != nil {
		return nil, err
	}
	if terms.Audience == "" {
		return nil, errors.New("the audience that its tokens must name is missing")
	}
	if err := checkAlgorithms(terms.Algorithms); err != nil {
		return nil, err
	}
	source, err := keys(terms, now)
	if err != nil {
		return nil, err
	}
	return &issuer{
		terms:  terms,
		expect: accesstoken.Expect{Issuer: terms.URL, Audience: terms.Audience, Skew: accesstoken.MaxSkew},
		keys:   source,
	}, nil
}

func checkAlgorithms(algorithms []string) error {
	if len(algorithms) == 0 {
		return errors.New("the algorithms that it signs with are missing")
	}
	for _, alg := range algorithms {
		if !slices.Contains(allowedAlgorithms, alg) {
			return fmt.Errorf("algorithm %q is not one of ES256, PS256 and EdDSA", alg)
		}
	}
	return nil
}

// checkHTTPS refuses what cannot be an issuer (RFC 8414 §2): not https, or
// with a query or fragment.
func checkHTTPS(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		return errors.New("it must be an https URL without query and fragment")
	}
	return nil
}

// held notes in which generation of an issuer's keys a key was last found, so
// that a cached signature check is good for as long as its key is.
type held struct{ last atomic.Uint64 } // generation + 1; 0: never looked

// by tells whether the issuer's present set still has the key. It is false
// too while the issuer's keys are too old to use.
func (h *held) by(is *issuer, thumbprint string) bool {
	set, generation, ok := is.keys.Current()
	if !ok {
		return false
	}
	if h.last.Load() == generation+1 {
		return true
	}
	if !is.names(set, generation)[thumbprint] {
		return false
	}
	h.last.Store(generation + 1)
	return true
}

// names gives the thumbprints of a set's keys, worked out once a generation.
func (is *issuer) names(set jose.KeySet, generation uint64) map[string]bool {
	if n := is.named.Load(); n != nil && n.generation == generation {
		return n.thumbprints
	}
	n := &namedKeys{generation: generation, thumbprints: map[string]bool{}}
	for _, k := range set.Keys() {
		if t, err := jose.Thumbprint(&k); err == nil {
			n.thumbprints[t] = true
		}
	}
	is.named.Store(n)
	return n.thumbprints
}
