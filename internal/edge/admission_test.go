package edge_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/internal/edge"
	"gatehouse.example/mtls/mtlstest"
)

func TestProof_RS5_PartnerListenerGivesNoHTTPByte(t *testing.T) {
	b, partners := newBed(t), mtlstest.NewAuthority(t)
	var calls atomic.Int64
	b.open(b.spec("partner", edge.PartnerCertificates(partners.Bundle(t)), func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
	}))
	second := partners.Intermediate(t).Intermediate(t)
	for _, c := range []struct {
		name, want string
		cert       tls.Certificate
	}{
		{"RS5 no certificate", "certificate required", tls.Certificate{}},
		{"RS5 untrusted certificate", "bad certificate", mtlstest.NewAuthority(t).Client(t, "stranger")},
		{"RS5 three intermediates", "bad certificate", second.Intermediate(t).Client(t, "deep")},
		{"RS5 server certificate", "bad certificate", partners.Server(t, "partner.example")},
		{"RS5 expired certificate", "bad certificate", partners.ClientWith(t, func(c *x509.Certificate) {
			c.NotAfter = start.Add(-time.Second)
		})},
		{"RS5 certificate of tomorrow", "bad certificate", partners.ClientWith(t, func(c *x509.Certificate) {
			c.NotBefore = start.Add(24 * time.Hour)
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := b.refusals("partner", "1.3")
			got, err := b.exchange(b.presenting(c.cert), "partner")
			if len(got) > 0 {
				t.Errorf("got HTTP bytes: %q", got)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
			b.awaitRefusals("partner", "1.3", before+1)
		})
	}
	if calls.Load() != 0 {
		t.Errorf("the handler was called %d times", calls.Load())
	}
	t.Run("RS5 two intermediates", func(t *testing.T) {
		if _, err := b.exchange(b.presenting(second.Client(t, "near")), "partner"); err != nil || calls.Load() != 1 {
			t.Errorf("calls %d, error %v", calls.Load(), err)
		}
	})
}

func TestProof_RS5_ListenerThatAdmitsAny(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("mtls", edge.AnyClientCertificate(), whoAmI(b.now)))
	t.Run("RS5 any without a certificate", func(t *testing.T) {
		got, err := b.exchange(b.presenting(tls.Certificate{}), "mtls")
		if len(got) > 0 || err == nil || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("got %q, error %v", got, err)
		}
	})
	t.Run("RS5 any with an unknown certificate", func(t *testing.T) {
		got, _ := b.mustGet(b.presenting(mtlstest.NewAuthority(t).Client(t, "stranger")), "mtls")
		if got != "unverified CN=stranger" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("RS5 any with an expired certificate", func(t *testing.T) {
		cert := mtlstest.NewAuthority(t).ClientWith(t, func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Second) })
		got, resp := b.mustGet(b.presenting(cert), "mtls")
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(got, "RS5 invalid_token: The client certificate has expired.") {
			t.Errorf("status %d, body %q", resp.StatusCode, got)
		}
	})
}

func TestProof_RS5_PublicListenerAsksForNone(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), whoAmI(b.now)))
	if got, _ := b.mustGet(b.presenting(mtlstest.NewAuthority(t).Client(t, "x")), "public"); got != "nobody" {
		t.Errorf("got %q", got)
	}
}

func TestProof_RS5_PartnerIsKnownToTheHandler(t *testing.T) {
	b, partners := newBed(t), mtlstest.NewAuthority(t)
	b.open(b.spec("partner", edge.PartnerCertificates(partners.Bundle(t)), whoAmI(b.now)))
	if got, _ := b.mustGet(b.presenting(partners.Client(t, "acme")), "partner"); got != "verified CN=acme" {
		t.Errorf("got %q", got)
	}
}

func TestProof_RS5_ResumedSessionIsJudgedAgain(t *testing.T) {
	b, partners := newBed(t), mtlstest.NewAuthority(t)
	middle := partners.IntermediateWith(t, func(c *x509.Certificate) { c.NotAfter = start.Add(time.Hour) })
	b.open(b.spec("partner", edge.PartnerCertificates(partners.Bundle(t)), whoAmI(b.now)))
	c := b.presenting(middle.Client(t, "acme"))
	c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	if _, resp := b.mustGet(c, "partner"); resp.TLS.DidResume {
		t.Fatal("the first connection was resumed")
	}
	if got, resp := b.mustGet(c, "partner"); !resp.TLS.DidResume || got != "verified CN=acme" {
		t.Fatalf("resumed %v, body %q", resp.TLS.DidResume, got)
	}
	// The leaf is still valid and its session ticket too, but not the chain.
	b.setTime(start.Add(2 * time.Hour))
	if got, err := b.exchange(c, "partner"); len(got) > 0 || err == nil || !strings.Contains(err.Error(), "bad certificate") {
		t.Errorf("after the intermediate expired: got %q, error %v", got, err)
	}
}

func TestProof_RS5_OpenConnectionIsJudgedAgain(t *testing.T) {
	b, partners := newBed(t), mtlstest.NewAuthority(t)
	b.open(b.spec("partner", edge.PartnerCertificates(partners.Bundle(t)), whoAmI(b.now)))
	client := b.client(b.presenting(partners.ClientWith(t, func(c *x509.Certificate) {
		c.Subject.CommonName, c.NotAfter = "acme", start.Add(time.Hour)
	})))
	if got, _, err := b.get(client, "partner"); err != nil || got != "verified CN=acme" {
		t.Fatalf("got %q, error %v", got, err)
	}
	b.setTime(start.Add(2 * time.Hour))
	got, resp, err := b.get(client, "partner")
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !strings.Contains(got, "has expired") {
		t.Fatalf("same connection after expiry: %q, error %v", got, err)
	}
	if got, _, err := b.get(client, "partner"); err == nil {
		t.Errorf("the connection went on: %q", got)
	}
	b.awaitRefusals("partner", "1.3", 1) // of the next connection
}
