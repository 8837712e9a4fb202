package discovery

import (
	"slices"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/profile"
	"gatehouse.example/oauth"
)

// Facts are what an issuer's configuration decides about its metadata.
type Facts struct {
	Issuer             string
	Profile            profile.Profile
	TokenEndpoint      string
	JWKSURI            string
	Scopes             oauth.Scopes // of all its APIs
	MTLSTokenEndpoint  string       // "" when the issuer has no mTLS listener
	ClientCertificates bool         // whether tls_client_auth can succeed at all
}

// Metadata describes the issuer. There is no authorization endpoint, so
// response_types_supported, which RFC 8414 §2 requires, is empty.
func Metadata(f Facts) oauth.ServerMetadata {
	m := oauth.ServerMetadata{
		Issuer:                 f.Issuer,
		TokenEndpoint:          f.TokenEndpoint,
		JWKSURI:                f.JWKSURI,
		ResponseTypesSupported: []string{},
		GrantTypesSupported:    f.Profile.GrantTypes(),
		TokenEndpointAuthSigningAlgValuesSupported: f.Profile.SigningAlgorithms(),
		DPoPSigningAlgValuesSupported:              dpop.Algorithms(),
	}
	for _, s := range f.Scopes {
		m.ScopesSupported = append(m.ScopesSupported, string(s))
	}
	overTLS := f.MTLSTokenEndpoint != ""
	for _, method := range f.Profile.ClientAuthMethods() {
		if method != oauth.AuthTLSClient || overTLS && f.ClientCertificates {
			m.TokenEndpointAuthMethodsSupported = append(m.TokenEndpointAuthMethodsSupported, method)
		}
	}
	if overTLS {
		m.TLSClientCertificateBoundAccessTokens = true                                   // RFC 8705 §3.3
		m.MTLSEndpointAliases = map[string]string{"token_endpoint": f.MTLSTokenEndpoint} // RFC 8705 §5
	}
	slices.Sort(m.ScopesSupported)
	return m
}
