// Package profile knows the security profiles an issuer may follow.
//
// Invariant: a profile is a value that is chosen once, by an issuer's
// configuration, and asked questions afterwards; no other room compares
// profile names (requirements, trap 10). The zero Profile panics when asked.
package profile

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse.example/oauth"
)

// Profile is one security profile.
type Profile struct{ r *rules }

type rules struct {
	name        string
	available   bool
	signingAlgs []string
	authMethods []string
	grantTypes  []string
}

var fapi2 = rules{
	name:      "fapi2",
	available: true,
	// C1: "shall use PS256, ES256, or EdDSA (using the Ed25519 variant)" (SP 5.4.1-1).
	signingAlgs: []string{"ES256", "PS256", "EdDSA"},
	authMethods: []string{oauth.AuthPrivateKeyJWT, oauth.AuthTLSClient},
	grantTypes:  []string{oauth.GrantClientCredentials},
}

var known = []*rules{&fapi2, {name: "fapi2-message-signing"}, {name: "oauth21"}}

// Parse finds a profile by its name in the configuration. A profile that
// exists but is not built yet is refused by name, as is an unknown one.
func Parse(name string) (Profile, error) {
	var names []string
	for _, r := range known {
		if r.name == name {
			if !r.available {
				return Profile{}, fmt.Errorf("profile %q is not available in this release; use fapi2", name)
			}
			return Profile{r}, nil
		}
		names = append(names, r.name)
	}
	return Profile{}, fmt.Errorf("profile %q is unknown; the profiles are %s", name, strings.Join(names, ", "))
}

// Name is the profile's name in the configuration.
func (p Profile) Name() string { return p.r.name }

// SigningAlgorithms lists the JWS algorithms for every JWT under this
// profile, the preferred one first (C1). The caller must not change it.
func (p Profile) SigningAlgorithms() []string { return p.r.signingAlgs }

// AllowsSigning tells whether alg may sign a JWT under this profile (C1).
func (p Profile) AllowsSigning(alg string) bool { return slices.Contains(p.r.signingAlgs, alg) }

// ClientAuthMethods lists the client authentication methods (AS8).
func (p Profile) ClientAuthMethods() []string { return p.r.authMethods }

// AllowsClientAuth tells whether a client may authenticate by method (AS8).
func (p Profile) AllowsClientAuth(method string) bool {
	return slices.Contains(p.r.authMethods, method)
}

// GrantTypes lists the grant types that the token endpoint accepts (AS4, AS6).
func (p Profile) GrantTypes() []string { return p.r.grantTypes }

// AllowsGrant tells whether the token endpoint accepts the grant type.
func (p Profile) AllowsGrant(grantType string) bool {
	return slices.Contains(p.r.grantTypes, grantType)
}
