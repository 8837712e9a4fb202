package fapiclient

import (
	"net/http"
	"time"

	"gatehouse.example/oauth"
)

// Config says who the client is. All but HTTP is required.
type Config struct {
	Server         *Server        // from [Discover]
	ClientID       string         // the identifier that the server registered
	Authentication Authentication // [PrivateKeyJWT] or [TLSClient]
	Binding        Binding        // [DPoP] or [Certificate]
	Now            func() time.Time
	// HTTP says which roots to trust and how to dial; nil means the system's.
	// Its Transport is nil or a *http.Transport that verifies servers; its
	// cookie jar and its redirect policy are not used.
	HTTP *http.Client
}

// Client is one registered client at one authorization server. It is safe
// for concurrent use.
type Client struct {
	server         *Server
	id             string
	authentication Authentication
	binding        Binding
	now            func() time.Time
	wire           *wire
	nonces         nonces
}

// New makes a client. It refuses a configuration that would skip a check, and
// one that asks of the server what its metadata does not offer.
func New(cfg Config) (*Client, error) {
	switch {
	case cfg.Server == nil:
		return nil, stop("CL8", "The client has no server: use Discover.")
	case cfg.ClientID == "":
		return nil, stop("CL1", "The client has no client_id.")
	case cfg.Now == nil:
		return nil, stop("CL21", "The client has no clock.")
	}
	authentication, err := cfg.Authentication.prepare(cfg.Server.metadata)
	if err != nil {
		return nil, err
	}
	if err := cfg.Binding.check(cfg.Server.metadata, cfg.Now()); err != nil {
		return nil, err
	}
	certificate, err := oneCertificate(authentication, cfg.Binding)
	if err != nil {
		return nil, err
	}
	w, err := newWire(cfg.HTTP, certificate)
	if err != nil {
		return nil, err
	}
	return &Client{
		server: cfg.Server, id: cfg.ClientID, authentication: authentication,
		binding: cfg.Binding, now: cfg.Now, wire: w,
	}, nil
}

// tokenEndpoint is where this client asks for tokens: whoever shows a
// certificate uses the alias for it, where there is one (CL6, RFC 8705 §5).
func (c *Client) tokenEndpoint() string {
	m := c.server.metadata
	alias, ok := m.MTLSEndpointAliases["token_endpoint"]
	if ok && (c.authentication.method() == oauth.AuthTLSClient || c.binding.certificate != nil) {
		return alias
	}
	return m.TokenEndpoint
}

// CloseIdleConnections closes the connections that no request uses.
func (c *Client) CloseIdleConnections() { c.wire.http.CloseIdleConnections() }
