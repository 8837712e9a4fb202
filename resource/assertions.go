package resource

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/recent"
	"gatehouse.example/oauth"
)

// GatewayConfig says whose assertions an API behind the gateway believes.
// Every field but Roots and AllowPrivate is required.
type GatewayConfig struct {
	Gateway      string         // the gateway's name: iss
	JWKSURI      string         // its keys: <gateway origin>/.well-known/gatehouse/jwks.json
	Algorithms   []string       // JWS algorithms that it signs with (C7)
	Audience     string         // this API's name in the gateway's configuration: aud
	Origin       Origin         // the origin at which the gateway calls this API
	Roots        *x509.CertPool // authorities for JWKSURI; nil means the system's
	AllowPrivate bool           // the gateway may be at a private or loopback address
	Now          func() time.Time
}

// AssertionVerifier judges the gateway's assertions. It is safe for concurrent use.
type AssertionVerifier struct {
	cfg  GatewayConfig
	from *issuer // the gateway, as the holder of keys
	seen *recent.Cache[[32]byte, *seenAssertion]
}

type seenAssertion struct {
	assertion assertion.Verified
	held      held
}

const assertionCacheBytes = 8 << 20

// GatewayAssertions makes a verifier of one gateway's assertions.
func GatewayAssertions(cfg GatewayConfig) (*AssertionVerifier, error) {
	return gatewayAssertions(cfg, remoteKeys)
}

func gatewayAssertions(cfg GatewayConfig, keys func(Issuer, func() time.Time) (keySource, error)) (*AssertionVerifier, error) {
	switch {
	case cfg.JWKSURI == "":
		return nil, errors.New("the address of the gateway's keys is missing")
	case cfg.Origin == Origin{}:
		return nil, errors.New("the origin at which the gateway calls this API is missing")
	case cfg.Now == nil:
		return nil, errors.New("the clock is missing")
	}
	from, err := newIssuer(Issuer{
		URL: cfg.Gateway, Audience: cfg.Audience, Algorithms: cfg.Algorithms,
		JWKSURI: cfg.JWKSURI, Roots: cfg.Roots, AllowPrivate: cfg.AllowPrivate,
	}, cfg.Now, keys)
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", cfg.Gateway, err)
	}
	return &AssertionVerifier{cfg: cfg, from: from, seen: recent.New[[32]byte, *seenAssertion](assertionCacheBytes)}, nil
}

// Run fetches and renews the gateway's keys until ctx ends.
func (a *AssertionVerifier) Run(ctx context.Context) { a.from.keys.Run(ctx) }

// Ready tells whether the gateway's keys are at hand.
func (a *AssertionVerifier) Ready() error {
	if _, _, ok := a.from.keys.Current(); !ok {
		return errors.New("no keys yet of the gateway " + a.cfg.Gateway)
	}
	return nil
}

// Middleware lets only requests with a good assertion about an identified
// caller reach next, which finds the caller by [CallerFrom].
func (a *AssertionVerifier) Middleware(next http.Handler) http.Handler {
	return a.admit(next, false)
}

// AdmitAnonymous is Middleware for what the gateway makes public: the
// assertion must be good, the caller may be nobody.
func (a *AssertionVerifier) AdmitAnonymous(next http.Handler) http.Handler {
	return a.admit(next, true)
}

func (a *AssertionVerifier) admit(next http.Handler, anonymous bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := a.judge(r, anonymous)
		if err != nil {
			WriteRefusal(w, oauth.AsRefusal(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, &caller)))
	})
}

type callerKey struct{}

// Caller is who calls, by the gateway's word. The gateway has judged the
// token; Scope is all that the token has, not only what the route asks.
type Caller struct {
	Anonymous bool   // a public route: nobody was identified
	Issuer    string // the issuer of the caller's token
	ClientID  string
	Subject   string
	Scope     string // separated by spaces
	JKT       string // what the token is bound to: a DPoP key
	X5T       string // or a certificate
}

// CallerFrom finds the caller that the middleware let in.
func CallerFrom(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(*Caller)
	if !ok {
		return Caller{}, false
	}
	return *c, true
}

func callerOf(c assertion.Caller) Caller {
	return Caller{
		Anonymous: c.Anonymous(),
		Issuer:    c.Issuer,
		ClientID:  c.ClientID,
		Subject:   c.Subject,
		Scope:     c.Scope,
		JKT:       c.Confirmation.JKT,
		X5T:       c.Confirmation.X5T,
	}
}
