package token

import (
	"slices"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/web"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// maxFormBytes has room for the largest assertion and every other parameter.
const maxFormBytes = 32 << 10

func readForm(x *exchange) (err error) {
	x.form, err = web.ReadForm(x.w, x.r, maxFormBytes)
	return err
}

// checkGrantType comes before the client is known: which grant types there are
// is public (AS4). password, implicit's kin and anything else that the profile
// does not offer end here.
func checkGrantType(x *exchange) error {
	grantType := x.form.Get("grant_type")
	switch {
	case grantType == "":
		return oauth.Refuse("AS6", oauth.InvalidRequest, "The request has no grant_type.")
	case !x.issuer.Profile.AllowsGrant(grantType):
		return oauth.Refuse("AS6", oauth.UnsupportedGrantType, "This grant_type is not supported here.")
	}
	return nil
}

// readCertificate takes the certificate of the connection. On the front
// listener there is none.
func readCertificate(x *exchange) error {
	peer := mtls.PeerFrom(x.r.Context())
	if peer == nil {
		return nil
	}
	certificate, err := peer.Certificate(x.now)
	if err != nil {
		return oauth.Refuse("AS13", oauth.InvalidClient, "The client certificate of this connection is not valid now.").Because(err)
	}
	x.certificate = certificate
	return nil
}

func readAuthentication(x *exchange) (err error) {
	x.presented, err = clientauth.Read(x.form, x.r.Header.Values("Authorization"), x.certificate)
	return err
}

// findClient looks the client up at this issuer alone. An unknown one goes on
// as the decoy, to fail where a known one with a wrong key does.
func findClient(x *exchange) error {
	x.client, x.registered = x.services.Registry.Lookup(x.issuer.URL, x.presented.ClientID())
	if !x.registered {
		x.client = registry.Client{Client: clientauth.Decoy()}
	}
	return nil
}

func authenticate(x *exchange) (err error) {
	x.who, err = x.presented.Check(x.client.Client, x.issuer.URL, x.issuer.ClientCA(), x.now)
	x.proven = err == nil
	return err
}

func checkClientGrant(x *exchange) error {
	if !slices.Contains(x.client.GrantTypes, x.form.Get("grant_type")) {
		return oauth.Refuse("AS67", oauth.UnauthorizedClient, "This client may not use this grant_type.")
	}
	return nil
}
