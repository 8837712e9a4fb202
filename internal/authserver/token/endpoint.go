package token

import (
	"log/slog"
	"net/http"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/clock"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/web"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Issuer is what the endpoint has to know of its issuer. Every field is
// required.
type Issuer struct {
	URL           string
	Profile       profile.Profile
	Ring          *keys.Ring
	Scopes        map[string]oauth.Scopes // of each API, by its audience
	Lifetime      time.Duration           // of access tokens
	Nonces        *dpop.Nonces
	NonceRequired bool
	ClientCA      func() *mtls.Bundle // nil bundle: no client certificate authenticates
}

// Services are what all endpoints share. Every field is required.
type Services struct {
	Registry *registry.Registry
	Grants   grant.Store
	Replay   replay.Store
	Audit    *audit.Log
	Clock    clock.Clock
	Metrics  *Metrics
	Logger   *slog.Logger
}

// Endpoint answers token requests for one issuer.
type Endpoint struct {
	issuer   Issuer
	services Services
	nonces   dpop.NonceRule
}

// New makes the endpoint.
func New(issuer Issuer, services Services) *Endpoint {
	e := &Endpoint{issuer: issuer, services: services, nonces: dpop.OptionalNonce(issuer.Nonces)}
	if issuer.NonceRequired {
		e.nonces = dpop.RequireNonce(issuer.Nonces)
	}
	// The keys against which unknown clients are checked are made here, not in
	// the first request that needs them.
	clientauth.Decoy()
	return e
}

// Handler serves the endpoint on the listener of this name, where its URL, to
// which DPoP proofs must be made, is url (RS18).
func (e *Endpoint) Handler(listener, url string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{
			Endpoint: e,
			listener: listener, url: url,
			r: r, begun: time.Now(), now: e.services.Clock(), trace: web.StartTrace(r),
		}
		// The renderer closes over the exchange, so that a refusal is recorded
		// with what was known when it came, a panic's too.
		web.API(x.run, x.refuse).ServeHTTP(w, r)
	})
}

func (x *exchange) run(w http.ResponseWriter, _ *http.Request) error {
	x.w = w
	for i := range steps {
		if err := steps[i].do(x); err != nil {
			return err
		}
	}
	return nil
}
