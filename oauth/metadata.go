package oauth

// The values of names that both sides of an exchange spell alike.
const (
	GrantClientCredentials = "client_credentials" // RFC 6749 §4.4

	AuthPrivateKeyJWT = "private_key_jwt" // OpenID Connect Core §9
	AuthTLSClient     = "tls_client_auth" // RFC 8705 §2.1

	// AssertionTypeJWT is the client_assertion_type of RFC 7523 §2.2.
	AssertionTypeJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	TokenTypeBearer = "Bearer" // RFC 6750; also of certificate-bound tokens (RFC 8705 §3)
	TokenTypeDPoP   = "DPoP"   // RFC 9449 §5
)

// ServerMetadata is an authorization server's metadata (RFC 8414 §2, OpenID
// Connect Discovery §3, RFC 8705 §3.3 and §5, RFC 9449 §5.1). A member is
// there only when the server does what it says (AS4).
type ServerMetadata struct {
	Issuer                                     string            `json:"issuer"`
	TokenEndpoint                              string            `json:"token_endpoint"`
	JWKSURI                                    string            `json:"jwks_uri"`
	ScopesSupported                            []string          `json:"scopes_supported,omitempty"`
	ResponseTypesSupported                     []string          `json:"response_types_supported"`
	GrantTypesSupported                        []string          `json:"grant_types_supported"`
	TokenEndpointAuthMethodsSupported          []string          `json:"token_endpoint_auth_methods_supported"`
	TokenEndpointAuthSigningAlgValuesSupported []string          `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	TLSClientCertificateBoundAccessTokens      bool              `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	DPoPSigningAlgValuesSupported              []string          `json:"dpop_signing_alg_values_supported,omitempty"`
	MTLSEndpointAliases                        map[string]string `json:"mtls_endpoint_aliases,omitempty"`
}

// TokenResponse is a successful answer of the token endpoint (RFC 6749 §5.1).
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in,omitempty"` // seconds
	Scope       string `json:"scope,omitempty"`
}

// ErrorResponse is a refusal of the token endpoint (RFC 6749 §5.2).
type ErrorResponse struct {
	Error       Code   `json:"error"`
	Description string `json:"error_description,omitempty"`
}
