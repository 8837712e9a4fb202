package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/clock"
	"gatehouse.example/internal/gateway/proxy"
	"gatehouse.example/internal/gateway/route"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/web"
	"gatehouse.example/resource"
)

// Gateway is the door of the APIs. It is safe for concurrent use.
type Gateway struct {
	verifier  *resource.Verifier
	audit     *audit.Log
	clock     clock.Clock
	logger    *slog.Logger
	metrics   *metrics
	routes    route.Table[*served]
	order     []*served
	upstreams map[string]*proxy.Upstream
	keys      []byte // the JWK Set of the assertions
}

// served is a route in service.
type served struct {
	Route
	index    int
	upstream *proxy.Upstream
	need     resource.Requirement
}

// New checks the configuration and makes a gateway. It connects to nothing.
func New(cfg Config) (*Gateway, error) {
	if cfg.Name == "" || cfg.Verifier == nil || cfg.AssertionSigner == nil || cfg.Audit == nil ||
		cfg.Clock == nil || cfg.Metrics == nil || cfg.Logger == nil {
		return nil, errors.New("a gateway needs a name, a verifier, a key, an audit log, a clock, metrics and a logger")
	}
	g := &Gateway{
		verifier: cfg.Verifier, audit: cfg.Audit, clock: cfg.Clock, logger: cfg.Logger,
		upstreams: map[string]*proxy.Upstream{},
	}
	var err error
	if g.keys, err = jose.NewKeySet(cfg.AssertionSigner.Public()).MarshalJSON(); err != nil {
		return nil, err
	}
	if err := g.addUpstreams(cfg); err != nil {
		return nil, err
	}
	if err := g.addRoutes(cfg.Routes); err != nil {
		return nil, err
	}
	if g.metrics, err = newMetrics(cfg.Metrics, cfg.Verifier); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Gateway) addUpstreams(cfg Config) error {
	for _, u := range cfg.Upstreams {
		if g.upstreams[u.Name] != nil {
			return fmt.Errorf("upstream %s is configured twice", u.Name)
		}
		upstream, err := proxy.New(proxy.Config{
			Name: u.Name, URL: u.URL, Audience: u.Audience, Roots: u.Roots, Timeout: u.Timeout, MaxBody: u.MaxBody,
			Gateway: cfg.Name, Signer: cfg.AssertionSigner,
		})
		if err != nil {
			return fmt.Errorf("upstream %s: %w", u.Name, err)
		}
		g.upstreams[u.Name] = upstream
	}
	return nil
}

func (g *Gateway) addRoutes(routes []Route) error {
	for i, r := range routes {
		s := &served{Route: r, index: i, upstream: g.upstreams[r.Upstream], need: resource.Requirement{Scope: r.Scope}}
		switch {
		case s.upstream == nil:
			return fmt.Errorf("route %s: there is no upstream named %q", r.Path, r.Upstream)
		case r.Scope == "" && r.UnsafePublic == "":
			return fmt.Errorf("route %s: it has no scope; a public route says so with a reason", r.Path)
		case r.Scope != "" && r.UnsafePublic != "":
			return fmt.Errorf("route %s: a public route has no scope", r.Path)
		}
		if err := g.routes.Add(r.Path, r.Methods, s); err != nil {
			return err
		}
		g.order = append(g.order, s)
	}
	return nil
}

// listener is one way in, with what is worked out once for it.
type listener struct {
	Listener
	g       *Gateway
	host    string
	hsts    []string // value of Strict-Transport-Security; nil for none
	counted []counters
}

// Handler serves one listener.
func (g *Gateway) Handler(l Listener) http.Handler {
	at := &listener{Listener: l, g: g, host: l.Origin.Host()}
	if value := web.HSTS(at.host); value != "" {
		at.hsts = []string{value}
	}
	for _, s := range g.order {
		at.counted = append(at.counted, g.metrics.of(l.Name, s.Path))
	}
	return web.Recover(http.HandlerFunc(at.serve), at.panicked)
}

// Close drops idle connections to the upstreams, after the last request.
func (g *Gateway) Close() {
	for _, u := range g.upstreams {
		u.Close()
	}
}

// KeysPath is where each listener publishes the keys of the assertions.
const KeysPath = "/.well-known/gatehouse/jwks.json"

// serveKeys answers anybody: the keys are public.
func (g *Gateway) serveKeys(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		resource.WriteRefusal(w, refuseMethod())
		return
	}
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(g.keys)
}
