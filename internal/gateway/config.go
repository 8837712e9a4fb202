package gateway

import (
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/clock"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// Config is what a gateway is made of. Every field is required.
type Config struct {
	Name            string // the gateway's name: iss of its assertions
	Routes          []Route
	Upstreams       []Upstream
	Verifier        *resource.Verifier
	AssertionSigner *jose.Signer
	Audit           *audit.Log
	Clock           clock.Clock
	Metrics         prometheus.Registerer
	Logger          *slog.Logger
}

// Listener is one way in, with what its clients are told.
type Listener struct {
	Name   string
	Origin resource.Origin // the address that clients use
	// AnyCertificate marks a listener that admits certificates of any
	// authority: only a token bound to the certificate passes there.
	AnyCertificate bool
}

// Route lets requests of some methods and a path through to an upstream.
type Route struct {
	// Path is a pattern of segments, each literal or {name} for any one
	// segment: /accounts/{id}/transactions.
	Path    string
	Methods []string
	// Scope is what the token must have. It is empty only on a public route.
	Scope oauth.Scope
	// UnsafePublic, if not empty, is the reason why the route asks for no token.
	UnsafePublic string
	Upstream     string // an upstream's name
	// OnAuditFailure says what happens when a decision cannot be recorded.
	OnAuditFailure AuditFailure
}

// AuditFailure is what a route does when the audit record cannot be written.
type AuditFailure int

const (
	// DenyUnrecorded answers 503. It is the zero value.
	DenyUnrecorded AuditFailure = iota
	// ContinueUnrecorded goes on; each use is counted and logged (RS25).
	ContinueUnrecorded
)

// Upstream is an API behind the gateway.
type Upstream struct {
	Name     string
	URL      string         // https origin, with a path prefix if need be
	Audience string         // aud of assertions to it
	Roots    *x509.CertPool // authorities for its certificate; nil means the system's
	// Timeout bounds connecting, and the wait for the upstream to take the
	// next part of a body and to begin its answer.
	Timeout time.Duration
	MaxBody int64 // bytes of a request's body
}
