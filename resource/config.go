package resource

import (
	"crypto/x509"
	"time"

	"gatehouse.example/oauth"
)

// Config is what a [Verifier] is made of. Issuers, Replay and Now are required.
type Config struct {
	Issuers []Issuer
	// Replay remembers used proofs: [MemoryReplay] or [SharedReplay].
	Replay *Replay
	// Now is the source of time, time.Now on a server.
	Now func() time.Time

	// RequireNonce demands a DPoP nonce in every proof (RFC 9449 §9), not only
	// where the replay memory needs one.
	RequireNonce bool
	// ProofMaxAge is how old a DPoP proof may be: 60 s when zero, at most
	// 300 s (RS9).
	ProofMaxAge time.Duration
	// TokenCacheBytes bounds the memory of the verified-token cache: 32 MiB
	// when zero.
	TokenCacheBytes int
}

// Issuer is one authorization server whose tokens are accepted, and on what
// terms (RS23). URL, Audience and Algorithms are required.
type Issuer struct {
	// URL is the issuer, compared with iss exactly.
	URL string
	// Audience is the name of this API in the issuer's tokens: aud must hold it.
	Audience string
	// Algorithms are the JWS algorithms that this issuer signs with (C7).
	Algorithms []string
	// JWKSURI is where its keys are; empty means as its metadata says, whose
	// issuer must then be URL (RFC 8414 §3.3).
	JWKSURI string
	// Roots are the authorities for its TLS certificate; nil means the system's.
	Roots *x509.CertPool
	// AllowPrivate admits an issuer at a private or loopback address.
	AllowPrivate bool
	// KeysMaxStale is how long keys still serve after the issuer stopped
	// answering; zero means one hour.
	KeysMaxStale time.Duration
}

// Requirement is what a request must bring. The zero value denies every
// request (RS25).
type Requirement struct {
	// Scope is the one scope that the token must have. It cannot be empty.
	Scope oauth.Scope
	// CertificateBound demands a token that is bound to the connection's
	// certificate, as on a listener that admits certificates of any authority.
	CertificateBound bool
}
