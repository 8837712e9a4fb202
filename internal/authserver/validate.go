package authserver

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/registry"
	"gatehouse.example/oauth"
)

func (c *Config) validate() error {
	switch {
	case len(c.Issuers) == 0:
		return errors.New("there is no issuer")
	case c.Registry == nil, c.Grants == nil, c.Replay == nil, c.Audit == nil, c.Clock == nil, c.Metrics == nil, c.Logger == nil:
		return errors.New("a required part of the configuration is missing")
	}
	for i := range c.Issuers {
		is := &c.Issuers[i]
		if err := is.validate(); err != nil {
			return fmt.Errorf("issuer %s: %w", is.URL, err)
		}
		for _, client := range c.Registry.Clients(is.URL) {
			if err := is.canServe(client); err != nil {
				return fmt.Errorf("issuer %s: client %q: %w", is.URL, client.ID, err)
			}
		}
	}
	return nil
}

func (is *Issuer) validate() error {
	if err := checkIssuerURL(is.URL); err != nil {
		return err
	}
	if is.MTLSURL != "" {
		if u, err := parseOrigin(is.MTLSURL); err != nil || u.Path != "" {
			return fmt.Errorf("mTLS URL %q must be an https origin: scheme, host and port alone", is.MTLSURL)
		}
	}
	switch {
	case is.Profile == profile.Profile{}, is.Ring == nil, is.Nonces == nil, is.ClientCA == nil:
		return errors.New("a required part of the configuration is missing")
	case is.AccessTokenLifetime < minLifetime || is.AccessTokenLifetime > maxLifetime:
		return fmt.Errorf("access tokens would live %s; they live %s to %s (AS71b)", is.AccessTokenLifetime, minLifetime, maxLifetime)
	case !is.Profile.AllowsSigning(is.Ring.Signer().Algorithm()):
		return fmt.Errorf("its key signs by %s, which profile %s does not allow", is.Ring.Signer().Algorithm(), is.Profile.Name())
	}
	return checkAPIs(is.APIs)
}

func checkAPIs(apis []API) error {
	if len(apis) == 0 {
		return errors.New("it has no API for which to make tokens")
	}
	seen := map[string]bool{}
	for _, api := range apis {
		switch {
		case api.Audience == "":
			return errors.New("an API has no audience")
		case seen[api.Audience]:
			return fmt.Errorf("API %s is listed twice", api.Audience)
		case len(api.Scopes) == 0:
			return fmt.Errorf("API %s has no scope", api.Audience)
		}
		seen[api.Audience] = true
	}
	return nil
}

// checkIssuerURL holds AS2 (RFC 8414 §2), and keeps addresses in one spelling,
// because issuers are compared as text.
func checkIssuerURL(s string) error {
	u, err := parseOrigin(s)
	switch {
	case err != nil:
		return err
	case u.EscapedPath() != u.Path || u.Path != "" && path.Clean(u.Path) != u.Path || u.Path == "/":
		return fmt.Errorf("issuer URL %q must have a plain path without a final slash, or none", s)
	case strings.HasPrefix(u.Path, "/.well-known"):
		return fmt.Errorf("issuer URL %q is under /.well-known, which is kept for metadata", s)
	}
	return nil
}

// parseOrigin reads an https URL without user, query and fragment.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, fmt.Errorf("URL %q must be https, with a host and without a user", s)
	}
	if strings.ContainsAny(s, "?#") || u.Host != strings.ToLower(u.Host) {
		return nil, fmt.Errorf("URL %q must have a lower-case host and no query or fragment (AS2)", s)
	}
	return u, nil
}

// canServe tells whether a registered client can ever succeed here.
func (is *Issuer) canServe(c registry.Client) error {
	if !is.Profile.AllowsClientAuth(c.Method) {
		return fmt.Errorf("profile %s does not allow %s (AS8)", is.Profile.Name(), c.Method)
	}
	if c.Method == oauth.AuthPrivateKeyJWT && !is.Profile.AllowsSigning(c.Algorithm) {
		return fmt.Errorf("profile %s does not allow assertions signed by %s (C1)", is.Profile.Name(), c.Algorithm)
	}
	if (c.Method == oauth.AuthTLSClient || c.Binding == registry.BindMTLS) && is.MTLSURL == "" {
		return errors.New("it uses its certificate, and the issuer has no mTLS listener")
	}
	if c.Method == oauth.AuthTLSClient && is.ClientCA() == nil {
		return errors.New("it authenticates by its certificate, and the issuer has no CA for client certificates")
	}
	for _, g := range c.GrantTypes {
		if !is.Profile.AllowsGrant(g) {
			return fmt.Errorf("grant type %q is not one of profile %s", g, is.Profile.Name())
		}
	}
	return is.canReach(c)
}

func (is *Issuer) canReach(c registry.Client) error {
	scopes := is.scopesByAudience()
	for _, audience := range c.Audiences {
		if _, ok := scopes[audience]; !ok {
			return fmt.Errorf("audience %q is no API of the issuer", audience)
		}
	}
	for _, s := range c.Scopes {
		offers := func(audience string) bool { return scopes[audience].Has(s) }
		if !slices.ContainsFunc(c.Audiences, offers) {
			return fmt.Errorf("scope %q is of none of the APIs that it may reach", s)
		}
	}
	return nil
}

func (is *Issuer) scopesByAudience() map[string]oauth.Scopes {
	out := make(map[string]oauth.Scopes, len(is.APIs))
	for _, api := range is.APIs {
		out[api.Audience] = api.Scopes
	}
	return out
}
