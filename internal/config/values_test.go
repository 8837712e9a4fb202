package config

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gatehouse.example/oauth"
)

func here(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValues_AuthServer(t *testing.T) {
	c := parsed(t, goodFile(t), Whole())
	s := c.AuthServer
	if s.Listen != "127.0.0.1:9441" || s.MTLSListen != "127.0.0.1:9442" || s.TLS.TLS12 {
		t.Errorf("listeners: %+v", s)
	}
	if s.Data != here(t, "data") || s.TLS.CertificateFile != here(t, "tls/server.pem") || s.TLS.KeyFile != here(t, "tls/server.key") {
		t.Errorf("paths do not start in the file's folder: %+v", s)
	}
	if s.SealingKey.Path() != here(t, "secrets/sealing.key") || s.SealingKey.String() != "file:secrets/sealing.key" {
		t.Errorf("sealing key: %v at %s", s.SealingKey, s.SealingKey.Path())
	}
	i := s.Issuers[0]
	if i.URL != "https://localhost:9441" || i.MTLSURL != "https://localhost:9442" || i.Profile.Name() != "fapi2" ||
		i.AccessTokenLifetime != 10*time.Minute || !i.DPoPNonceRequired || i.ClientCAFile != here(t, "tls/partner-ca.pem") {
		t.Errorf("issuer: %+v", i)
	}
	if a := i.APIs[0]; a.Audience != "https://localhost:9443" || a.Scopes.String() != "accounts.read payments.write kyc.admin" {
		t.Errorf("API: %+v", a)
	}
	keyed, shown := i.Clients[0], i.Clients[1]
	if keyed.ID != "demo-partner" || keyed.Auth != oauth.AuthPrivateKeyJWT || keyed.SigningAlg != "ES256" ||
		keyed.JWKSFile != here(t, "clients/demo-partner.jwks.json") || keyed.Binding != BindDPoP || keyed.Subject.Present() {
		t.Errorf("client with a key: %+v", keyed)
	}
	if shown.Auth != oauth.AuthTLSClient || !shown.Subject.Present() || shown.JWKSFile != "" || shown.Binding != BindMTLS ||
		shown.Scopes.String() != "openid accounts.read payments.write" || !slices.Equal(shown.GrantTypes, []string{"client_credentials"}) {
		t.Errorf("client with a certificate: %+v", shown)
	}
}

func TestValues_Gateway(t *testing.T) {
	g := parsed(t, goodFile(t), Whole()).Gateway
	if g.ProofNonceRequired || g.ProofMaxAge != 60*time.Second {
		t.Errorf("defaults for proofs: %+v", g)
	}
	if u := g.Upstreams[0]; u.Name != "bank" || u.Timeout != 30*time.Second || u.MaxBody != 10_000_000 {
		t.Errorf("upstream: %+v", u)
	}
	if g.Name != "https://localhost:9443" || g.AssertionKeyFile != here(t, "secrets/gateway-assertion.key") {
		t.Errorf("gateway: %+v", g)
	}
	if l := g.Listeners[0]; l.Name != "public" || l.Origin != "https://localhost:9443" || l.Clients.Policy != CertificatesNone {
		t.Errorf("public listener: %+v", l)
	}
	if cs := g.Listeners[1].Clients; cs.Policy != CertificatesOfCA || cs.CAFile != here(t, "tls/partner-ca.pem") || cs.MaxIntermediates != 2 {
		t.Errorf("partner listener: %+v", cs)
	}
	i := g.Issuers[0]
	if i.MaxStaleKeys != time.Hour || !i.AllowPrivate || i.Profile.Name() != "fapi2" {
		t.Errorf("defaults of an issuer: %+v", i)
	}
	accounts, payments, public := g.Routes[1], g.Routes[2], g.Routes[3]
	if accounts.Path != "/accounts/{id}" || accounts.DenyUnaudited || accounts.Upstream != "bank" {
		t.Errorf("defaults of a route: %+v", accounts)
	}
	if !payments.DenyUnaudited || payments.Scope != "payments.write" || !slices.Equal(payments.Methods, []string{"POST"}) {
		t.Errorf("payments: %+v", payments)
	}
	if public.Scope != "" || public.UnsafePublic != "the API description is public" || public.DenyUnaudited {
		t.Errorf("public route: %+v", public)
	}
}

// What a file may say that the good one does not.
func TestValues_AS71b_RS9_RS13_Allowed(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		holds    func(c *Config) bool
	}{
		{"AS71b a lifetime of 5 minutes", "access_token_lifetime: 10m", "access_token_lifetime: 5m",
			func(c *Config) bool { return c.AuthServer.Issuers[0].AccessTokenLifetime == 5*time.Minute }},
		{"AS71b a lifetime of 15 minutes", "access_token_lifetime: 10m", "access_token_lifetime: 15m",
			func(c *Config) bool { return c.AuthServer.Issuers[0].AccessTokenLifetime == 15*time.Minute }},
		{"high value denies by itself", ", on_audit_failure: deny", "",
			func(c *Config) bool { return c.Gateway.Routes[2].DenyUnaudited }},
		{"high value may go on", "on_audit_failure: deny", "on_audit_failure: continue",
			func(c *Config) bool { return !c.Gateway.Routes[2].DenyUnaudited }},
		{"bound tokens, said aloud", "on_audit_failure: deny", "binding: required",
			func(c *Config) bool { return c.Gateway.Routes[2].DenyUnaudited }},
		{"RS13 a nonce in every proof", "  listeners:", "  dpop_nonce: required\n  listeners:",
			func(c *Config) bool { return c.Gateway.ProofNonceRequired }},
		{"RS9 proofs of five minutes", "  listeners:", "  dpop_max_age: 300s\n  listeners:",
			func(c *Config) bool { return c.Gateway.ProofMaxAge == 300*time.Second }},
		{"another timeout and size", "timeout: 30s, max_body: 10MB", "timeout: 2s, max_body: 2KB",
			func(c *Config) bool {
				u := c.Gateway.Upstreams[0]
				return u.Timeout == 2*time.Second && u.MaxBody == 2000
			}},
		{"an issuer by its name is not private", `{url: "https://localhost:9441", ca`, `{url: "https://auth.bank.example/", ca`,
			func(c *Config) bool { return !c.Gateway.Issuers[0].AllowPrivate }},
		{"unless the file says so", `{url: "https://localhost:9441", ca`, `{url: "https://auth.bank.example/", allow_private: true, ca`,
			func(c *Config) bool { return c.Gateway.Issuers[0].AllowPrivate }},
		{"port 0 twice", `mtls_listen: "127.0.0.1:9442"`, `mtls_listen: "127.0.0.1:0"`,
			func(c *Config) bool { return c.AuthServer.MTLSListen == "127.0.0.1:0" }},
		{"records to stdout", `sink: "file:audit.jsonl"`, "sink: stdout",
			func(c *Config) bool { return c.Audit.Stdout && c.Audit.File == "" }},
		{"any certificate", "client_certificates: none", "client_certificates: any",
			func(c *Config) bool { return c.Gateway.Listeners[0].Clients.Policy == CertificatesAny }},
		{"no intermediate", "max_intermediates: 2", "max_intermediates: 0",
			func(c *Config) bool { return c.Gateway.Listeners[1].Clients.MaxIntermediates == 0 }},
		{"a route around others", `{path: "/payments"`, `{path: "/{kind}/{id}"`,
			func(c *Config) bool { return c.Gateway.Routes[2].Path == "/{kind}/{id}" }},
		{"an upstream below a path", `url: "https://localhost:9445"`, `url: "https://localhost:9445/api"`,
			func(c *Config) bool { return c.Gateway.Upstreams[0].URL == "https://localhost:9445/api" }},
		{"another way to read the secret", "sealing_key: file:secrets/sealing.key", "sealing_key: env:SEALING_KEY",
			func(c *Config) bool { return c.AuthServer.SealingKey.String() == "env:SEALING_KEY" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.holds(parsed(t, edited(t, c.old, c.new), Whole())) {
				t.Error("it was read as something else")
			}
		})
	}
}

// Few scopes are no reason to refuse a client that holds them all.
func TestValues_ClientWithBothOfTwoScopes(t *testing.T) {
	parsed(t, edited(t, `  kyc.admin: {description: "See who a customer is"}`+"\n", "", ", kyc.admin]}", "]}"), Whole())
}

// What was given up is known, with its reason and place.
func TestValues_N2_Unsafe(t *testing.T) {
	c := parsed(t, edited(t,
		"sealing_key: file:secrets/sealing.key", "sealing_key: file:data/sealing.key\n  unsafe_sealing_key_in_data_folder: \"a trial\"",
		"key: file:tls/server.key}, client_certificates: none", `key: file:tls/server.key, unsafe_tls12: "an old partner"}, client_certificates: none`,
	), Whole())
	want := []Unsafe{
		{"authserver.unsafe_sealing_key_in_data_folder", 14, "a trial"},
		{"gateway.listeners[0].tls.unsafe_tls12", 46, "an old partner"},
		{"gateway.routes[3].unsafe_public", 56, "the API description is public"},
	}
	if !slices.Equal(c.Unsafe, want) {
		t.Errorf("got %+v\nwant %+v", c.Unsafe, want)
	}
	if !c.Gateway.Listeners[0].TLS.TLS12 || c.Gateway.Listeners[1].TLS.TLS12 {
		t.Error("TLS 1.2 is not where it was asked for")
	}
}
