package config

import (
	"crypto/x509"
	"time"

	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Config is a whole, valid configuration. Every path in it is absolute.
type Config struct {
	File       string // the configuration file
	Scopes     []Scope
	Audit      Audit
	Operations Operations
	AuthServer *AuthServer // nil when the part was not chosen
	Gateway    *Gateway    // nil when the part was not chosen
	Unsafe     []Unsafe    // every unsafe_ key of the chosen parts, to be reported at start

	files []string
}

// Scope is one declared scope.
type Scope struct {
	Name        oauth.Scope
	Description string
	HighValue   bool // a route with this scope denies while the audit sink fails
}

// Audit says where the record of every decision goes.
type Audit struct {
	Stdout bool
	File   string // "" with Stdout
}

// Operations is the listener of /metrics, /healthz and /readyz.
type Operations struct {
	Listen string // a loopback address; "" means no such listener
}

// Unsafe is one unsafe_ key: what was given up, and the reason written beside it.
type Unsafe struct {
	Key    string // such as gateway.routes[3].unsafe_public
	Line   int
	Reason string
}

// TLS is what a listener shows to those who connect.
type TLS struct {
	CertificateFile string
	KeyFile         string
	TLS12           bool // also admit TLS 1.2 (N2)
}

// AuthServer is the authorization server's part.
type AuthServer struct {
	Listen     string
	MTLSListen string // "" means no such listener
	TLS        TLS
	Data       string // folder of durable.db and short.db
	SealingKey Reference
	Issuers    []Issuer
}

// Issuer is one issuer with its own profile, keys and clients.
type Issuer struct {
	URL                 string
	MTLSURL             string // origin of mtls_endpoint_aliases; "" means none (N10)
	Profile             profile.Profile
	ClientCAFile        string       // "" means none
	ClientCA            *mtls.Bundle // what Load read from ClientCAFile
	AccessTokenLifetime time.Duration
	DPoPNonceRequired   bool
	APIs                []API
	Clients             []Client

	unsettled bool // the apis have problems, so nothing is held against them
}

// API is one audience of an issuer's tokens and the scopes it offers.
type API struct {
	Audience string
	Scopes   oauth.Scopes
}

// Client is one registered client. It has either keys or a certificate subject.
type Client struct {
	ID, Name   string
	Auth       string // oauth.AuthPrivateKeyJWT or oauth.AuthTLSClient
	JWKSFile   string
	Keys       jose.KeySet // what Load read from JWKSFile
	SigningAlg string      // the one algorithm of its assertions (C7)
	Subject    mtls.Subject
	GrantTypes []string
	Scopes     oauth.Scopes
	Audiences  []string
	Binding    string // BindDPoP, BindMTLS or BindEither
}

// The ways by which a client's tokens are bound to it.
const (
	BindDPoP   = "dpop"
	BindMTLS   = "mtls"
	BindEither = "either"
)

// Gateway is the gateway's part.
type Gateway struct {
	Name             string // iss of the assertions to upstreams
	AssertionKeyFile string
	// ProofNonceRequired demands a nonce of the gateway's in every proof (RS13),
	// not only in those from before its start.
	ProofNonceRequired bool
	ProofMaxAge        time.Duration // the oldest proof; at most 300 s (RS9)
	Listeners          []Listener
	Issuers            []TrustedIssuer
	Upstreams          []Upstream
	Routes             []Route
}

// Listener is one of the gateway's ways in.
type Listener struct {
	Name    string // a metrics label
	Listen  string
	Origin  string // the public origin, for the proof's htu (RS18)
	TLS     TLS
	Clients ClientCertificates
}

// ClientCertificates says which client certificates a listener asks for.
type ClientCertificates struct {
	Policy           string // CertificatesNone, CertificatesAny or CertificatesOfCA
	CAFile           string // with CertificatesOfCA
	MaxIntermediates int
	Bundle           *mtls.Bundle // what Load read from CAFile
}

// The policies of a listener towards client certificates.
const (
	CertificatesNone = "none" // not asked for
	CertificatesAny  = "any"  // demanded, and any is admitted: only a token bound to it passes
	CertificatesOfCA = "ca"   // demanded, and it must chain to the bundle
)

// TrustedIssuer is an issuer whose tokens the gateway accepts.
type TrustedIssuer struct {
	URL          string
	Profile      profile.Profile
	CAFile       string         // "" means the system's roots
	Roots        *x509.CertPool // what Load read from CAFile; nil means the system's
	AllowPrivate bool           // its keys may be fetched from a private or loopback address
	Algorithms   []string
	Audience     string
	MaxStaleKeys time.Duration // how long keys outlive a failing JWKS (RS24)
}

// Upstream is an API behind the gateway.
type Upstream struct {
	Name     string // a metrics label
	URL      string // https; its path is put in front of the route's
	Audience string // aud of the assertions to it
	CAFile   string
	Roots    *x509.CertPool // nil means the system's
	Timeout  time.Duration
	MaxBody  int64 // bytes
}

// Route is one endpoint group. It needs exactly one scope, or states the
// reason for needing none.
type Route struct {
	Path          string // of segments; {name} matches any one
	Methods       []string
	Scope         oauth.Scope // "" only with UnsafePublic
	UnsafePublic  string
	Upstream      string
	DenyUnaudited bool // deny while the audit sink fails; by default so when the scope is of high value
}

// Files lists the configuration file and every file that the chosen parts
// read, for whoever watches them.
func (c *Config) Files() []string { return c.files }
