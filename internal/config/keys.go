package config

// rule is one key of the file: whether it must be there, what it expects in
// words, and the keys inside it.
type rule struct {
	name     string
	required bool
	list     bool // the value is a list, and each entry has the keys
	named    bool // the keys of the value are names that the operator chooses
	oidc     bool // OpenID Connect's own scopes may stand here undeclared
	private  bool // a secret or a private key may stand here by mistake: never shown
	expects  string
	keys     []*rule
}

func must(name, expects string, keys ...*rule) *rule {
	return &rule{name: name, required: true, expects: expects, keys: keys}
}

func may(name, expects string, keys ...*rule) *rule {
	return &rule{name: name, expects: expects, keys: keys}
}

func (r *rule) listed() *rule     { r.list = true; return r }
func (r *rule) byName() *rule     { r.named = true; return r }
func (r *rule) withOpenID() *rule { r.oidc = true; return r }
func (r *rule) hidden() *rule     { r.private = true; return r }

func (r *rule) find(name string) *rule {
	for _, k := range r.keys {
		if k.name == name {
			return k
		}
	}
	return nil
}

func (r *rule) names() []string {
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = k.name
	}
	return out
}

// What several keys expect.
const (
	aMapping   = "a mapping of keys"
	anAddress  = `an address "host:port" to listen on`
	anOrigin   = "an https origin without a path, such as https://api.bank.example"
	anAudience = "an https URL or a urn: that names the API"
	aFile      = "file:PATH"
	aKeyFile   = "file:PATH or credential:NAME"
	aReference = "a reference: file:PATH, env:NAME, fd:NUMBER or credential:NAME"
	aReason    = "the reason, in quotes"
	scopeNames = "a list of declared scopes"
)

// grammar is the whole file: every key that exists, in the order in which the
// reference in docs/configuration.md explains them.
var grammar = &rule{expects: aMapping, keys: []*rule{
	must("version", "1"),
	must("scopes", "a mapping of resource.action to its description",
		must("description", "what the scope allows, in words"),
		may("high_value", "true or false"),
	).byName(),
	must("audit", "{sink: file:PATH} or {sink: stdout}",
		must("sink", "file:PATH or stdout"),
	),
	may("operations", "{listen: ADDRESS}",
		must("listen", "a loopback address such as 127.0.0.1:9440"),
	),
	may("authserver", aMapping,
		must("listen", anAddress),
		may("mtls_listen", anAddress),
		tlsKeys(),
		must("data", "a folder"),
		must("sealing_key", aReference).hidden(),
		may("unsafe_sealing_key_in_data_folder", aReason),
		must("issuers", "a list of issuers", issuerKeys()...).listed(),
	),
	may("gateway", aMapping,
		must("name", "an https URL, the issuer of the assertions to upstreams"),
		must("assertion_key", aKeyFile).hidden(),
		may("dpop_nonce", "required or optional"),
		may("dpop_max_age", "a time from 10s to 300s"),
		must("listeners", "a list of listeners",
			must("name", "a short name of a-z, 0-9 and '-'"),
			must("listen", anAddress),
			must("origin", anOrigin),
			tlsKeys(),
			must("client_certificates", "none, any or {ca: file:PATH}",
				must("ca", aFile),
				may("max_intermediates", "a number from 0 to 5"),
			),
		).listed(),
		must("issuers", "a list of issuers whose tokens are accepted", trustKeys()...).listed(),
		must("upstreams", "a list of upstreams",
			must("name", "a short name of a-z, 0-9 and '-'"),
			must("url", "an https URL without query or fragment"),
			must("audience", anAudience),
			may("ca", aFile),
			may("timeout", "a time from 1s to 10m"),
			may("max_body", "a size from 1KB to 1GB, such as 10MB"),
		).listed(),
		must("routes", "a list of routes", routeKeys()...).listed(),
	),
}}

func tlsKeys() *rule {
	return must("tls", "{certificate: file:PATH, key: file:PATH}",
		must("certificate", aFile),
		must("key", aKeyFile).hidden(),
		may("unsafe_tls12", aReason),
	)
}

func issuerKeys() []*rule {
	return []*rule{
		must("url", "an https URL without query or fragment"),
		may("mtls_url", anOrigin),
		must("profile", "fapi2"),
		may("client_ca", aFile),
		may("access_token_lifetime", "a time from 5m to 15m, for a longer-lived token outlives its withdrawal (AS71b)"),
		may("dpop_nonce", "required or optional"),
		must("apis", "a list of APIs",
			must("audience", anAudience),
			must("scopes", scopeNames),
		).listed(),
		must("clients", "a list of clients", clientKeys()...).listed(),
	}
}

func clientKeys() []*rule {
	return []*rule{
		must("id", "1 to 100 letters, digits or any of . _ ~ : -"),
		must("name", "the client's name, for people"),
		must("auth", "private_key_jwt or tls_client_auth"),
		may("jwks", aFile),
		may("signing_alg", "ES256, PS256 or EdDSA"),
		may("tls_client_auth", "exactly one of subject_dn, san_dns, san_uri, san_ip, san_email",
			may("subject_dn", "a distinguished name, such as CN=app,O=Partner,C=DE"),
			may("san_dns", "a DNS name"),
			may("san_uri", "a URI"),
			may("san_ip", "an IP address"),
			may("san_email", "an e-mail address"),
		),
		must("grant_types", "a list of grant types"),
		must("scopes", scopeNames).withOpenID(),
		must("audiences", "a list of audiences of this issuer's apis"),
		may("binding", "dpop, mtls or either"),
	}
}

func trustKeys() []*rule {
	return []*rule{
		must("url", "an https URL without query or fragment"),
		may("profile", "fapi2"),
		may("ca", aFile),
		may("allow_private", "true or false"),
		must("algorithms", "a list of ES256, PS256 or EdDSA"),
		must("audience", anAudience),
		may("max_stale_keys", "a time from 1m to 24h"),
	}
}

func routeKeys() []*rule {
	return []*rule{
		must("path", `a path such as "/accounts/{id}"`),
		must("methods", "a list of HTTP methods"),
		may("scope", "one declared scope"),
		may("unsafe_public", aReason),
		may("binding", "required"),
		must("upstream", "the name of an upstream"),
		may("on_audit_failure", "deny or continue"),
	}
}
