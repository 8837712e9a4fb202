package resource

import "time"

// Stats are counters of a verifier since it was made.
type Stats struct {
	TokenCacheHits   uint64 // requests whose token was seen before
	TokenCacheMisses uint64
	TokenCacheBytes  int // held now, about
	Issuers          []IssuerStats
}

// IssuerStats are the counters and the state of one issuer's keys.
type IssuerStats struct {
	Issuer     string
	Fetches    uint64    // begun
	Failures   uint64    // of those, brought no usable keys
	Misses     uint64    // tokens whose key was not known when they came (RS24)
	Limited    uint64    // misses that caused no fetch because one had just been
	Remembered uint64    // misses of a key that had just been looked for in vain
	Usable     bool      // whether there are keys that may be used
	Keys       int       // how many
	FetchedAt  time.Time // when they came; zero before the first
}

// Stats returns the present counters.
func (v *Verifier) Stats() Stats {
	s := Stats{TokenCacheHits: v.hits.Load(), TokenCacheMisses: v.misses.Load(), TokenCacheBytes: v.tokens.Bytes()}
	for _, is := range v.order {
		k := is.keys.Stats()
		s.Issuers = append(s.Issuers, IssuerStats{
			Issuer:  is.terms.URL,
			Fetches: k.Fetches, Failures: k.Failures, Misses: k.Misses, Limited: k.Limited, Remembered: k.Remembered,
			Usable: k.Usable, Keys: k.Keys, FetchedAt: k.FetchedAt,
		})
	}
	return s
}
