package token

import (
	"gatehouse.example/dpop"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/registry"
	"gatehouse.example/oauth"
)

// verifyProof checks a DPoP proof as a resource server does (RS7-RS10, AS62),
// for this endpoint's own URL.
func verifyProof(x *exchange) error {
	headers := x.r.Header.Values("DPoP")
	if len(headers) == 0 {
		return nil
	}
	request := dpop.Request{Method: x.r.Method, URI: x.url, Headers: headers}
	proof, err := dpop.Verify(request, dpop.NoToken(), x.nonces, dpop.DefaultMaxAge, x.now)
	if err != nil {
		return err
	}
	x.proof = &proof
	return nil
}

// bind chooses what the token will be bound to. There is no way through it
// without a key or a certificate (AS57).
func bind(x *exchange) error {
	binding, certificate := x.client.Binding, x.certificate.Present()
	switch {
	case x.proof != nil && binding != registry.BindMTLS:
		x.held = grant.HeldKey(*x.proof)
		return nil
	case x.proof != nil:
		return oauth.Refuse("AS58", oauth.InvalidRequest, "Tokens of this client are bound to its certificate, not to a DPoP key.")
	case binding == registry.BindDPoP:
		return oauth.Refuse("AS61", oauth.InvalidDPoPProof, "Tokens of this client are bound to a DPoP key, and the request has no DPoP proof.")
	case certificate:
		x.held = grant.HeldCertificate(x.certificate)
		return nil
	case binding == registry.BindMTLS:
		return oauth.Refuse("AS58", oauth.InvalidRequest, "Tokens of this client are bound to its certificate; use the token endpoint of mtls_endpoint_aliases.")
	}
	return oauth.Refuse("AS57", oauth.InvalidDPoPProof, "Every token is bound to a key, and the request has neither a DPoP proof nor a client certificate.")
}
