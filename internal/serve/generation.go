package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse.example/internal/authserver"
	"gatehouse.example/internal/config"
	"gatehouse.example/internal/edge"
	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/signer"
	"gatehouse.example/mtls"
	"gatehouse.example/resource"
)

// generation is what one configuration makes.
type generation struct {
	config   *config.Config
	files    *edge.Files // what config names on disk, observed since before it was read
	specs    []edge.Spec
	verifier *resource.Verifier // nil without the gateway
	gateway  *gateway.Gateway   // nil without the gateway
	cancel   context.CancelFunc // ends the fetching of keys
}

// provision makes a generation whole. It opens no socket and changes nothing
// that serves.
func (f *foundation) provision(ctx context.Context, c *config.Config) (*generation, error) {
	g := &generation{config: c, cancel: func() {}}
	if c.AuthServer != nil {
		if err := g.addAuthServer(ctx, f, c.AuthServer); err != nil {
			return nil, fmt.Errorf("authserver: %w", err)
		}
	}
	if c.Gateway != nil {
		if err := g.addGateway(f, c.Gateway); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	return g, nil
}

func (g *generation) addAuthServer(ctx context.Context, f *foundation, c *config.AuthServer) error {
	clients := map[string][]registry.Client{}
	var issuers []authserver.Issuer
	for i := range c.Issuers {
		is := &c.Issuers[i]
		ring, err := keys.OpenRing(ctx, f.store, f.sealer, is.URL, f.clock())
		if err != nil {
			return fmt.Errorf("signing keys of %s: %w", is.URL, err)
		}
		clients[is.URL] = clientsOf(is)
		issuers = append(issuers, issuerOf(is, ring, f))
	}
	reg, err := registry.New(clients)
	if err != nil {
		return err
	}
	server, err := authserver.New(authserver.Config{
		Issuers: issuers, Registry: reg, Grants: grant.Store(f.store), Replay: f.store,
		Audit: f.audit, Clock: f.clock, Metrics: f.metrics.registry, Logger: f.logger,
	})
	if err != nil {
		return err
	}
	g.specs = append(g.specs, specOf("authserver", c.Listen, c.TLS, edge.NoClientCertificates(), server.Handler()))
	if c.MTLSListen != "" {
		// RFC 8705 §2: the certificate's judgement belongs to client
		// authentication, which knows the client and its issuer's CA.
		g.specs = append(g.specs, specOf("authserver-mtls", c.MTLSListen, c.TLS, edge.AnyClientCertificate(), server.MTLSHandler()))
	}
	return nil
}

func issuerOf(is *config.Issuer, ring *keys.Ring, f *foundation) authserver.Issuer {
	var apis []authserver.API
	for _, a := range is.APIs {
		apis = append(apis, authserver.API{Audience: a.Audience, Scopes: a.Scopes})
	}
	return authserver.Issuer{
		URL: is.URL, MTLSURL: is.MTLSURL, Profile: is.Profile, Ring: ring, APIs: apis,
		AccessTokenLifetime: is.AccessTokenLifetime, Nonces: f.nonces, NonceRequired: is.DPoPNonceRequired,
		ClientCA: func() *mtls.Bundle { return is.ClientCA },
	}
}

func clientsOf(is *config.Issuer) []registry.Client {
	var out []registry.Client
	for _, c := range is.Clients {
		out = append(out, registry.Client{
			Client: clientauth.Client{ID: c.ID, Method: c.Auth, Keys: c.Keys, Algorithm: c.SigningAlg, Subject: c.Subject},
			Name:   c.Name, GrantTypes: c.GrantTypes, Scopes: c.Scopes, Audiences: c.Audiences, Binding: c.Binding,
		})
	}
	return out
}

func (g *generation) addGateway(f *foundation, c *config.Gateway) error {
	var err error
	if g.verifier, err = verifierOf(f, c); err != nil {
		return err
	}
	key, err := signer.LoadPEM(c.AssertionKeyFile)
	if err != nil {
		return fmt.Errorf("assertion_key: %w", err)
	}
	assertions, err := jose.NewSigner(key, "")
	if err != nil {
		return fmt.Errorf("assertion_key: %w", err)
	}
	g.gateway, err = gateway.New(gateway.Config{
		Name: c.Name, Routes: routesOf(c), Upstreams: upstreamsOf(c), Verifier: g.verifier,
		AssertionSigner: assertions, Audit: f.audit, Clock: f.clock, Metrics: f.metrics.registry, Logger: f.logger,
	})
	if err != nil {
		return err
	}
	for _, l := range c.Listeners {
		origin, err := resource.ParseOrigin(l.Origin)
		if err != nil {
			return fmt.Errorf("listener %s: %w", l.Name, err)
		}
		handler := g.gateway.Handler(gateway.Listener{
			Name: l.Name, Origin: origin, AnyCertificate: l.Clients.Policy == config.CertificatesAny,
		})
		g.specs = append(g.specs, specOf(l.Name, l.Listen, l.TLS, policyOf(l.Clients), handler))
	}
	return nil
}

func policyOf(c config.ClientCertificates) edge.ClientPolicy {
	switch c.Policy {
	case config.CertificatesOfCA:
		return edge.PartnerCertificates(c.Bundle)
	case config.CertificatesAny:
		return edge.AnyClientCertificate()
	}
	return edge.NoClientCertificates()
}

func specOf(name, address string, t config.TLS, policy edge.ClientPolicy, h http.Handler) edge.Spec {
	return edge.Spec{Name: name, Address: address, CertFile: t.CertificateFile, KeyFile: t.KeyFile, TLS12: t.TLS12, Clients: policy, Handler: h}
}

// fetchKeys begins to fetch the issuers' keys, until the generation ends.
func (g *generation) fetchKeys(ctx context.Context) {
	ctx, g.cancel = context.WithCancel(ctx)
	if g.verifier != nil {
		go g.verifier.Run(ctx)
	}
}

// awaitKeys waits until every issuer's keys are there.
func (g *generation) awaitKeys(ctx context.Context, within time.Duration) error {
	if g.verifier == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := g.verifier.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-tick.C:
		}
	}
}

// end stops what the generation runs; its last request has been answered.
func (g *generation) end() {
	g.cancel()
	if g.gateway != nil {
		g.gateway.Close()
	}
}
