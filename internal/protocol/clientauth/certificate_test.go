package clientauth_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

const untrusted = "The client certificate is not one that is trusted here."

// world is a CA, its certificates, and a client registered by subject.
type world struct {
	authority *mtlstest.Authority
	bundle    *mtls.Bundle
	client    clientauth.Client
}

func newWorld(t testing.TB) *world {
	t.Helper()
	subject, err := mtls.ParseSubject("tls_client_auth_subject_dn", "CN=partner")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{authority: mtlstest.NewAuthority(t)}
	w.bundle = w.authority.Bundle(t)
	w.client = clientauth.Client{ID: clientID, Method: oauth.AuthTLSClient, Subject: subject}
	return w
}

// certificate is what a listener that judges no chain hands on at a time when
// the certificate is valid.
func (w *world) certificate(t testing.TB, c tls.Certificate, when time.Time) mtls.Certificate {
	t.Helper()
	certificate, err := mtlstest.Peer(t, c, nil).Certificate(when)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

type tlsAttempt struct {
	name, ids      string
	cert           func(t testing.TB, w *world) mtls.Certificate // nil: the partner's
	client         func(w *world) clientauth.Client              // nil: as registered
	bundle         func(w *world) *mtls.Bundle                   // nil: the issuer's
	rule, sentence string
}

func (a tlsAttempt) run(t testing.TB, w *world) error {
	c, b := w.client, w.bundle
	if a.client != nil {
		c = a.client(w)
	}
	if a.bundle != nil {
		b = a.bundle(w)
	}
	cert := mtls.Certificate{}
	if a.cert == nil {
		cert = w.certificate(t, w.authority.Client(t, clientID), now)
	} else {
		cert = a.cert(t, w)
	}
	_, err := authenticate(form(t, "client_id", clientID), nil, cert, c, b)
	return err
}

var tlsRefusals = []tlsAttempt{
	{name: "AS13 no certificate", ids: "AS7 AS13", cert: func(testing.TB, *world) mtls.Certificate { return mtls.Certificate{} }, rule: "AS7", sentence: "The request names a client and does not prove that it comes from it."},
	{name: "AS13 certificate of another CA", ids: "AS13", cert: func(t testing.TB, w *world) mtls.Certificate {
		return w.certificate(t, mtlstest.NewAuthority(t).Client(t, clientID), now)
	}, rule: "AS13", sentence: untrusted},
	{name: "AS13 expired certificate", ids: "AS13", cert: func(t testing.TB, w *world) mtls.Certificate {
		old := w.authority.ClientWith(t, func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: clientID}
			c.NotAfter = now.Add(-time.Hour)
		})
		return w.certificate(t, old, now.Add(-2*time.Hour))
	}, rule: "AS13", sentence: untrusted},
	{name: "AS13 certificate of a server", ids: "AS13", cert: func(t testing.TB, w *world) mtls.Certificate {
		return w.certificate(t, w.authority.Server(t, clientID), now)
	}, rule: "AS13", sentence: untrusted},
	{name: "AS13 issuer without a CA", ids: "AS13", bundle: func(*world) *mtls.Bundle { return nil }, rule: "AS13", sentence: untrusted},
	{name: "AS13 wrong subject", ids: "AS13", cert: func(t testing.TB, w *world) mtls.Certificate {
		return w.certificate(t, w.authority.Client(t, "somebody"), now)
	}, rule: "AS13", sentence: unmatched},
	{name: "AS13 a name that only begins like the registered one", ids: "AS13", cert: func(t testing.TB, w *world) mtls.Certificate {
		return w.certificate(t, w.authority.ClientWith(t, func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: clientID, Organization: []string{"Evil"}}
		}), now)
	}, rule: "AS13", sentence: unmatched},
	{name: "AS13 no subject registered", ids: "AS13", client: func(w *world) clientauth.Client { c := w.client; c.Subject = mtls.Subject{}; return c }, rule: "AS13", sentence: unmatched},
	{name: "AS8 client registered for private_key_jwt", ids: "AS8", client: func(w *world) clientauth.Client { c := w.client; c.Method = oauth.AuthPrivateKeyJWT; return c }, rule: "AS8", sentence: unmatched},
	{name: "AS12 unknown client", ids: "AS12", client: func(*world) clientauth.Client { return clientauth.Decoy() }, rule: "AS12", sentence: unmatched},
	{name: "AS11 another client was looked up", ids: "AS11", client: func(w *world) clientauth.Client { c := w.client; c.ID = "somebody"; return c }, rule: "AS11", sentence: unmatched},
}

func TestCheck_AS8_AS11_AS12_AS13_CertificateRefusalsByReason(t *testing.T) {
	w := newWorld(t)
	for _, a := range tlsRefusals {
		t.Run(a.name, func(t *testing.T) {
			if err := a.run(t, w); !refused(err, a.rule, oauth.InvalidClient, a.sentence) {
				t.Errorf("got %v, want %s invalid_client: %s", err, a.rule, a.sentence)
			}
		})
	}
}

func TestCheck_AS13_AcceptsTheRegisteredCertificate(t *testing.T) {
	w := newWorld(t)
	certificate := w.certificate(t, w.authority.Intermediate(t).Client(t, clientID), now)
	who, err := authenticate(form(t, "client_id", clientID), nil, certificate, w.client, w.bundle)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := who.AssertionID(); ok {
		t.Error("AS13 there is an assertion to spend")
	}
	if who.ClientID() != clientID || who.Method() != oauth.AuthTLSClient || who.Certificate().Fingerprint() != certificate.Fingerprint() {
		t.Errorf("AS13 client %s by %s", who.ClientID(), who.Method())
	}
}

func TestCheck_AS8_AS11_AS13_EveryCertificateStepIsHeld(t *testing.T) {
	w := newWorld(t)
	var cases []leaveout.Case
	for _, a := range tlsRefusals {
		cases = append(cases, leaveout.Case{Name: a.name, IDs: a.ids, Holds: func() bool {
			return refused(a.run(t, w), a.rule, oauth.InvalidClient, a.sentence)
		}})
	}
	leaveout.EachStep(t, clientauth.CertificateSteps(), clientauth.WithoutCertificateStep, cases)
}
