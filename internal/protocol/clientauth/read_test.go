package clientauth_test

import (
	"testing"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

func TestRead_AS6_AS7_AS8_AS11_AS12_RefusalsByReason(t *testing.T) {
	assertion := sign(t, newSigner(t, ""), "JWT", goodClaims())
	certificate, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, clientID), nil).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	const twice = "The request authenticates the client in two ways at once."
	const kind = "The client_assertion_type is missing or not one that is accepted here."
	basic := []string{"Basic cGFydG5lcjpzZWNyZXQ="}
	for _, c := range []struct {
		name     string
		form     oauth.Parameters
		headers  []string
		cert     mtls.Certificate
		rule     string
		code     oauth.Code
		sentence string
	}{
		{"AS11 assertion and secret", asserting(t, assertion, "client_secret", "s"), nil, mtls.Certificate{}, "AS11", oauth.InvalidRequest, twice},
		{"AS11 assertion and Authorization", asserting(t, assertion), basic, mtls.Certificate{}, "AS11", oauth.InvalidRequest, twice},
		{"AS11 secret and Authorization", form(t, "client_id", clientID, "client_secret", "s"), basic, mtls.Certificate{}, "AS11", oauth.InvalidRequest, twice},
		{"AS8 client_secret_basic", form(t), basic, mtls.Certificate{}, "AS8", oauth.InvalidClient, "Client secrets are not accepted here."},
		{"AS8 client_secret_post", form(t, "client_id", clientID, "client_secret", "s"), nil, mtls.Certificate{}, "AS8", oauth.InvalidClient, "Client secrets are not accepted here."},
		{"AS8 client_secret_post beside a certificate", form(t, "client_id", clientID, "client_secret", "s"), nil, certificate, "AS8", oauth.InvalidClient, "Client secrets are not accepted here."},
		{"AS11 no client_assertion_type", form(t, "client_assertion", assertion), nil, mtls.Certificate{}, "AS11", oauth.InvalidClient, kind},
		{"AS11 client_assertion_type of SAML", form(t, "client_assertion", assertion, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), nil, mtls.Certificate{}, "AS11", oauth.InvalidClient, kind},
		{"AS11 client_assertion_type in capitals", form(t, "client_assertion", assertion, "client_assertion_type", "URN:ietf:params:oauth:client-assertion-type:jwt-bearer"), nil, mtls.Certificate{}, "AS11", oauth.InvalidClient, kind},
		{"AS11 no client_assertion", form(t, "client_id", clientID, "client_assertion_type", oauth.AssertionTypeJWT), nil, certificate, "AS11", oauth.InvalidClient, "The request has a client_assertion_type and no client_assertion."},
		{"AS12 nothing at all", form(t), nil, mtls.Certificate{}, "AS12", oauth.InvalidClient, "The request does not authenticate a client."},
		{"AS12 a certificate and no client_id", form(t), nil, certificate, "AS12", oauth.InvalidClient, "The request does not authenticate a client."},
		{"AS7 a client_id alone", form(t, "client_id", clientID), nil, mtls.Certificate{}, "AS7", oauth.InvalidClient, "The request names a client and does not prove that it comes from it."},
		{"AS12 client_id of 257 bytes", form(t, "client_id", string(make257())), nil, certificate, "AS12", oauth.InvalidClient, unmatched},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := clientauth.Read(c.form, c.headers, c.cert)
			if !refused(err, c.rule, c.code, c.sentence) {
				t.Errorf("got %v, want %s %s: %s", err, c.rule, c.code, c.sentence)
			}
		})
	}
}

func make257() []byte {
	b := make([]byte, 257)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// A certificate beside an assertion binds the token and is no second method.
func TestRead_AS11_ACertificateBesideAnAssertion(t *testing.T) {
	k := newKeys(t)
	certificate, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, clientID), nil).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	who, err := authenticate(asserting(t, sign(t, k.signer, "JWT", goodClaims())), nil, certificate, k.client, nil)
	if err != nil {
		t.Fatal(err)
	}
	if who.Method() != oauth.AuthPrivateKeyJWT || who.ClientID() != clientID || who.Certificate().Thumbprint() != certificate.Thumbprint() {
		t.Errorf("AS11 method %s, client %s", who.Method(), who.ClientID())
	}
}
