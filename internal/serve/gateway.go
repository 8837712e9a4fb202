package serve

import (
	"gatehouse.example/internal/config"
	"gatehouse.example/internal/gateway"
	"gatehouse.example/resource"
)

func verifierOf(f *foundation, c *config.Gateway) (*resource.Verifier, error) {
	var issuers []resource.Issuer
	for _, is := range c.Issuers {
		issuers = append(issuers, resource.Issuer{
			URL: is.URL, Audience: is.Audience, Algorithms: is.Algorithms, Roots: is.Roots,
			AllowPrivate: is.AllowPrivate, KeysMaxStale: is.MaxStaleKeys,
		})
	}
	return resource.New(resource.Config{
		Issuers: issuers, Replay: f.proofs, Now: f.clock,
		RequireNonce: c.ProofNonceRequired, ProofMaxAge: c.ProofMaxAge,
	})
}

func routesOf(c *config.Gateway) []gateway.Route {
	var out []gateway.Route
	for _, r := range c.Routes {
		onFailure := gateway.ContinueUnrecorded
		if r.DenyUnaudited {
			onFailure = gateway.DenyUnrecorded
		}
		out = append(out, gateway.Route{
			Path: r.Path, Methods: r.Methods, Scope: r.Scope, UnsafePublic: r.UnsafePublic,
			Upstream: r.Upstream, OnAuditFailure: onFailure,
		})
	}
	return out
}

func upstreamsOf(c *config.Gateway) []gateway.Upstream {
	var out []gateway.Upstream
	for _, u := range c.Upstreams {
		out = append(out, gateway.Upstream{
			Name: u.Name, URL: u.URL, Audience: u.Audience, Roots: u.Roots, Timeout: u.Timeout, MaxBody: u.MaxBody,
		})
	}
	return out
}
