package fapiclient_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// setup is a fake server and what a client needs to talk to it.
type setup struct {
	*fake
	key  *ecdsa.PrivateKey
	dpop *dpop.Key
}

func newSetup(t testing.TB, now func() time.Time) *setup {
	t.Helper()
	key := newECKey()
	proofKey, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{fake: newFake(key.Public(), now), key: key, dpop: proofKey}
	t.Cleanup(s.close)
	return s
}

func atNoon() time.Time { return noon }

// config is a good configuration: private_key_jwt and DPoP.
func (s *setup) config(t testing.TB) fapiclient.Config {
	t.Helper()
	server, err := fapiclient.Discover(t.Context(), s.network.client(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	return fapiclient.Config{
		Server: server, ClientID: clientID, Authentication: fapiclient.PrivateKeyJWT(s.key, "k1"),
		Binding: fapiclient.DPoP(s.dpop), Now: s.now, HTTP: s.network.client(),
	}
}

func (s *setup) client(t testing.TB) *fapiclient.Client { return newClient(t, s.config(t)) }

// mtlsClient authenticates by certificate and binds to it.
func (s *setup) mtlsClient(t testing.TB) *fapiclient.Client {
	cfg := s.config(t)
	certificate := issue("partner-1", x509.ExtKeyUsageClientAuth)
	cfg.Authentication = fapiclient.TLSClient(certificate)
	cfg.Binding = fapiclient.Certificate(certificate)
	return newClient(t, cfg)
}

func newClient(t testing.TB, cfg fapiclient.Config) *fapiclient.Client {
	t.Helper()
	c, err := fapiclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// stopped tells whether err is a stop by the rule and for the reason.
func stopped(err error, rule, reason string) bool {
	var stop *fapiclient.StopError
	return errors.As(err, &stop) && stop.Rule == rule && stop.Reason == reason
}

func wantStop(t *testing.T, err error, rule, reason string) {
	t.Helper()
	if !stopped(err, rule, reason) {
		t.Errorf("got %v\nwant %s %s", err, rule, reason)
	}
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("requests were\n%q\nwant\n%q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("request %d was %q, want %q", i, got[i], want[i])
		}
	}
}
