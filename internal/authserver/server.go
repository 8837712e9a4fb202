package authserver

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse.example/internal/authserver/discovery"
	"gatehouse.example/internal/authserver/token"
	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

// The names of the listeners in audit records.
const (
	frontListener = "authserver"
	mtlsListener  = "authserver-mtls"
)

// bodyWithin is how long a request's body may take to arrive. A form fits a
// few packets.
const bodyWithin = 10 * time.Second

// Server is the authorization server with all its issuers. It is safe for
// concurrent use.
type Server struct {
	front routes
	mtls  routes
}

// New judges the configuration whole and makes a server, or says what is wrong.
func New(c Config) (*Server, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	metrics, err := token.NewMetrics(c.Metrics)
	if err != nil {
		return nil, err
	}
	services := token.Services{
		Registry: c.Registry, Grants: c.Grants, Replay: c.Replay,
		Audit: c.Audit, Clock: c.Clock, Metrics: metrics, Logger: c.Logger,
	}
	s := &Server{front: routes{}, mtls: routes{}}
	for i := range c.Issuers {
		if err := s.add(&c.Issuers[i], services); err != nil {
			return nil, fmt.Errorf("issuer %s: %w", c.Issuers[i].URL, err)
		}
	}
	return s, nil
}

// Handler serves the front listener: metadata, keys and the token endpoint.
func (s *Server) Handler() http.Handler { return web.WithHSTS(web.BodyWithin(bodyWithin, s.front)) }

// MTLSHandler serves the mTLS listener, which demands a client certificate and
// judges none: the token endpoint of mtls_endpoint_aliases (RFC 8705 §5).
func (s *Server) MTLSHandler() http.Handler { return web.WithHSTS(web.BodyWithin(bodyWithin, s.mtls)) }

// add puts an issuer at its addresses.
func (s *Server) add(is *Issuer, services token.Services) error {
	issuer, err := url.Parse(is.URL)
	if err != nil {
		return err
	}
	endpoint := token.New(token.Issuer{
		URL: is.URL, Profile: is.Profile, Ring: is.Ring,
		Scopes: is.scopesByAudience(), Lifetime: is.AccessTokenLifetime,
		Nonces: is.Nonces, NonceRequired: is.NonceRequired, ClientCA: is.ClientCA,
	}, services)
	facts := is.facts(issuer.Path)
	metadata, err := discovery.Document(discovery.Metadata(facts))
	if err != nil {
		return err
	}
	keys, err := discovery.Document(is.Ring.Public())
	if err != nil {
		return err
	}
	for path, handler := range map[string]http.Handler{
		issuer.Path + "/.well-known/openid-configuration":       withCORS("GET, HEAD", metadata), // OIDC Discovery §4.1 appends
		"/.well-known/oauth-authorization-server" + issuer.Path: withCORS("GET, HEAD", metadata), // RFC 8414 §3.1 inserts
		issuer.Path + "/jwks.json":                              withCORS("GET, HEAD", keys),
		issuer.Path + "/token":                                  withCORS("POST", endpoint.Handler(frontListener, facts.TokenEndpoint)),
	} {
		if err := s.front.add(issuer.Host, path, handler); err != nil {
			return err
		}
	}
	if is.MTLSURL == "" {
		return nil
	}
	alias, err := url.Parse(facts.MTLSTokenEndpoint)
	if err != nil {
		return err
	}
	// No CORS here: a page must never use the certificate of its visitor.
	return s.mtls.add(alias.Host, alias.Path, endpoint.Handler(mtlsListener, facts.MTLSTokenEndpoint))
}

func (is *Issuer) facts(path string) discovery.Facts {
	f := discovery.Facts{
		Issuer: is.URL, Profile: is.Profile,
		TokenEndpoint: is.URL + "/token", JWKSURI: is.URL + "/jwks.json",
		ClientCertificates: is.ClientCA() != nil,
	}
	if is.MTLSURL != "" {
		f.MTLSTokenEndpoint = is.MTLSURL + path + "/token"
	}
	var all oauth.Scopes
	for _, api := range is.APIs {
		all = append(all, api.Scopes...)
	}
	slices.Sort(all)
	f.Scopes = slices.Compact(all)
	return f
}
