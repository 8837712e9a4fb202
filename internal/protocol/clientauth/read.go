package clientauth

import (
	"errors"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

const (
	maxAssertionBytes = 8 << 10
	maxIDBytes        = 256 // of a client_id and of a jti
)

// algorithms are those of any client's assertion (C1). The one that counts is
// pinned per client.
var algorithms = []string{"ES256", "PS256", "EdDSA"}

// Presented is what a request says of who sent it: one method, unverified.
type Presented struct{ p *presented }

type presented struct {
	clientID    string
	method      string
	assertion   *jose.Token // of private_key_jwt
	certificate mtls.Certificate
}

// Read finds the authentication in a request: its form, the values of its
// Authorization header, and the certificate of its connection, which may be
// zero. Two methods at once are refused, as is one that is not offered here
// (AS8, AS11). A certificate beside an assertion is no second method: it is
// there to bind the token (RFC 8705 §3).
func Read(form oauth.Parameters, authorization []string, cert mtls.Certificate) (Presented, error) {
	assertion := form.Has("client_assertion") || form.Has("client_assertion_type")
	header, secret := len(authorization) > 0, form.Has("client_secret")
	switch {
	case assertion && (header || secret), header && secret:
		return Presented{}, oauth.Refuse("AS11", oauth.InvalidRequest, "The request authenticates the client in two ways at once.")
	case header, secret:
		return Presented{}, oauth.Refuse("AS8", oauth.InvalidClient, "Client secrets are not accepted here.")
	case assertion:
		return readAssertion(form, cert)
	case !form.Has("client_id"):
		return Presented{}, oauth.Refuse("AS12", oauth.InvalidClient, "The request does not authenticate a client.")
	case !cert.Present():
		return Presented{}, oauth.Refuse("AS7", oauth.InvalidClient, "The request names a client and does not prove that it comes from it.")
	case len(form.Get("client_id")) > maxIDBytes:
		return Presented{}, refuseUnmatched("AS12", errors.New("client_id is longer than any registered"))
	}
	return Presented{&presented{clientID: form.Get("client_id"), method: oauth.AuthTLSClient, certificate: cert}}, nil
}

func readAssertion(form oauth.Parameters, cert mtls.Certificate) (Presented, error) {
	if form.Get("client_assertion_type") != oauth.AssertionTypeJWT {
		return Presented{}, oauth.Refuse("AS11", oauth.InvalidClient, "The client_assertion_type is missing or not one that is accepted here.")
	}
	if !form.Has("client_assertion") {
		return Presented{}, oauth.Refuse("AS11", oauth.InvalidClient, "The request has a client_assertion_type and no client_assertion.")
	}
	token, err := jose.Parse(form.Get("client_assertion"), algorithms, maxAssertionBytes)
	if err != nil {
		return Presented{}, refuseForm(err)
	}
	var payload struct {
		Subject string `json:"sub"`
	}
	if err := jose.Decode(token.UnverifiedPayload(), &payload); err != nil {
		return Presented{}, refuseForm(err)
	}
	if payload.Subject == "" || len(payload.Subject) > maxIDBytes {
		return Presented{}, oauth.Refuse("AS9", oauth.InvalidClient, "The client assertion has no usable sub.")
	}
	// RFC 7521 §4.2: client_id is unnecessary, and must name the same client.
	if id := form.Get("client_id"); id != "" && id != payload.Subject {
		return Presented{}, oauth.Refuse("AS11", oauth.InvalidClient, "The client_id is not the client of the assertion.")
	}
	return Presented{&presented{clientID: payload.Subject, method: oauth.AuthPrivateKeyJWT, assertion: token, certificate: cert}}, nil
}

func refuseForm(err error) error {
	switch {
	case errors.Is(err, jose.ErrAlgorithm):
		return oauth.Refuse("C1", oauth.InvalidClient, "The client assertion is signed by an algorithm that is not allowed.").Because(err)
	case errors.Is(err, jose.ErrTooLarge):
		return oauth.Refuse("AS9", oauth.InvalidClient, "The client assertion is too large.").Because(err)
	}
	return oauth.Refuse("AS9", oauth.InvalidClient, "The client assertion is malformed.").Because(err)
}

// ClientID is whom the request claims to come from: the key under which to
// look up the registered client, and nothing more.
func (p Presented) ClientID() string { return p.p.clientID }

// Method is the method that the request uses.
func (p Presented) Method() string { return p.p.method }
