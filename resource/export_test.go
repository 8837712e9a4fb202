package resource

import (
	"context"
	"net/http"
	"time"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/internal/leaveout"
)

// NewWithFetch makes a verifier whose issuers' documents come from fetch.
func NewWithFetch(cfg Config, fetch func(ctx context.Context, url string) ([]byte, error)) (*Verifier, error) {
	return newVerifier(cfg, keysFrom(fetch))
}

// GatewayAssertionsWithFetch is GatewayAssertions over fetch.
func GatewayAssertionsWithFetch(cfg GatewayConfig, fetch func(ctx context.Context, url string) ([]byte, error)) (*AssertionVerifier, error) {
	return gatewayAssertions(cfg, keysFrom(fetch))
}

func keysFrom(fetch func(ctx context.Context, url string) ([]byte, error)) func(Issuer, func() time.Time) (keySource, error) {
	return func(terms Issuer, now func() time.Time) (keySource, error) {
		return jwks.New(jwks.Config{Issuer: terms.URL, JWKSURI: terms.JWKSURI, Fetch: fetch, Now: now, MaxStale: terms.KeysMaxStale})
	}
}

// Steps lists the table for the leave-one-out test.
func Steps() []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

// WithoutStep takes step i out and returns how to put it back.
func WithoutStep(i int) (restore func()) {
	was := steps[i].do
	steps[i].do = func(*request) error { return nil }
	return func() { steps[i].do = was }
}

// AssertionSteps lists the table of the assertions' middleware.
func AssertionSteps() []leaveout.Step {
	var out []leaveout.Step
	for _, s := range assertionSteps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

// WithoutAssertionStep takes step i out and returns how to put it back.
func WithoutAssertionStep(i int) (restore func()) {
	was := assertionSteps[i].do
	assertionSteps[i].do = func(*forwarded) error { return nil }
	return func() { assertionSteps[i].do = was }
}

// Judge is the middleware's decision, with the error that it renders.
func (a *AssertionVerifier) Judge(r *http.Request, anonymous bool) (Caller, error) {
	return a.judge(r, anonymous)
}
