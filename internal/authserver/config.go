package authserver

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/clock"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/replay"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Config is everything that the authorization server needs. Every field is
// required.
type Config struct {
	Issuers  []Issuer
	Registry *registry.Registry
	Grants   grant.Store
	Replay   replay.Store
	Audit    *audit.Log
	Clock    clock.Clock
	Metrics  prometheus.Registerer
	Logger   *slog.Logger
}

// Issuer is one authorization server among those of this process, known by its
// issuer identifier (RFC 8414 §2). Every field but MTLSURL is required.
type Issuer struct {
	URL     string // https, without query, fragment or final slash; may have a path (AS2)
	MTLSURL string // origin of the mTLS listener (N10); "" when there is none
	Profile profile.Profile
	Ring    *keys.Ring
	APIs    []API

	AccessTokenLifetime time.Duration // 5 to 15 minutes (AS71b)
	Nonces              *dpop.Nonces
	NonceRequired       bool // whether a DPoP proof must carry a nonce (AS63)

	// ClientCA gives the CAs of client certificates as they are now; it gives
	// nil when tls_client_auth is not offered.
	ClientCA func() *mtls.Bundle
}

// API is a resource server for which an issuer makes tokens.
type API struct {
	Audience string // its resource indicator (RFC 8707), the aud of its tokens
	Scopes   oauth.Scopes
}

// The bounds of an access token's life (AS71b).
const (
	minLifetime = 5 * time.Minute
	maxLifetime = 15 * time.Minute
)
