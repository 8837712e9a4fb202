package mtls_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func TestProof_RS5_ExpiryRejudgedOnEachRequest(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	cert := root.ClientWith(t, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = now, now.Add(time.Hour)
	})
	for _, listener := range []struct {
		name  string
		trust *mtls.Bundle
	}{{"with a bundle", root.Bundle(t)}, {"admitting any", mtls.AdmitAny()}} {
		peer := mtlstest.Peer(t, cert, listener.trust)
		for _, c := range []struct {
			name, refused string
			at            time.Duration
		}{
			{"RS5 one second early", "not valid yet", -time.Second},
			{"RS5 first moment", "", 0},
			{"RS5 last moment", "", time.Hour},
			{"RS5 one second late", "has expired", time.Hour + time.Second},
			{"RS5 valid again when the clock is set back", "", time.Minute},
		} {
			t.Run(c.name+" "+listener.name, func(t *testing.T) {
				_, err := peer.Certificate(now.Add(c.at))
				if c.refused == "" && err != nil || c.refused != "" && !refused(err, c.refused) {
					t.Errorf("got %v, want refusal %q", err, c.refused)
				}
			})
		}
	}
}

func TestProof_RS5_IntermediateExpiresDuringTheConnection(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	middle := root.IntermediateWith(t, func(c *x509.Certificate) { c.NotAfter = now.Add(time.Hour) })
	peer := mtlstest.Peer(t, middle.Client(t, "x"), root.Bundle(t))
	if _, err := peer.Certificate(now); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Certificate(now.Add(2 * time.Hour)); !refused(err, "trusted here") {
		t.Errorf("after the intermediate expired: %v", err)
	}
}

func TestProof_RS5_FailedJudgementIsNotKept(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	middle := root.IntermediateWith(t, func(c *x509.Certificate) { c.NotBefore = now })
	peer := mtlstest.Peer(t, middle.Client(t, "x"), root.Bundle(t))
	if _, err := peer.Certificate(now.Add(-time.Minute)); !refused(err, "trusted here") {
		t.Fatalf("before the intermediate is valid: %v", err)
	}
	if _, err := peer.Certificate(now); err != nil {
		t.Errorf("after it became valid: %v", err)
	}
}

func TestProof_RS5_TrustChangeRejudgesTheConnection(t *testing.T) {
	root, other := mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	var trust atomic.Pointer[mtls.Bundle]
	trust.Store(root.Bundle(t))
	peer := mtls.NewPeer(mtlstest.Handshake(t, root.Client(t, "x")), trust.Load)
	cert, err := peer.Certificate(now)
	if err != nil || !cert.Verified() {
		t.Fatalf("trusted at first: verified and no error expected, got %v", err)
	}
	trust.Store(other.Bundle(t))
	if _, err := peer.Certificate(now); !refused(err, "trusted here") {
		t.Errorf("after its authority was removed: %v", err)
	}
	trust.Store(root.Bundle(t))
	if _, err := peer.Certificate(now); err != nil {
		t.Errorf("after its authority came back: %v", err)
	}
}

func TestProof_RS5_NoCertificate(t *testing.T) {
	t.Run("RS5 listener that asks for none", func(t *testing.T) {
		cert, err := mtlstest.Peer(t, tls.Certificate{}, nil).Certificate(now)
		if err != nil || cert.Present() {
			t.Errorf("got present=%v, error %v", cert.Present(), err)
		}
	})
	t.Run("RS5 listener that came to have a bundle", func(t *testing.T) {
		trust := mtlstest.NewAuthority(t).Bundle(t)
		if _, err := mtlstest.Peer(t, tls.Certificate{}, trust).Certificate(now); !refused(err, "is required") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("RS5 handshake that did not finish", func(t *testing.T) {
		cs := *mtlstest.Handshake(t, mtlstest.NewAuthority(t).Client(t, "x"))
		cs.HandshakeComplete = false
		if cert, _ := mtls.NewPeer(&cs, mtls.AdmitAny).Certificate(now); cert.Present() {
			t.Error("a certificate without proof of its key was handed out")
		}
	})
}

func TestProof_RS5_DerivedNames(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	issued := root.Client(t, "partner")
	cert, err := mtlstest.Peer(t, issued, root.Bundle(t)).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(issued.Leaf.Raw)
	for _, c := range []struct{ name, got, want string }{
		{"thumbprint", cert.Thumbprint(), base64.RawURLEncoding.EncodeToString(sum[:])},
		{"fingerprint", cert.Fingerprint(), hex.EncodeToString(sum[:])},
		{"subject", cert.SubjectDN(), "CN=partner"},
		{"header", cert.ClientCert(), ":" + base64.StdEncoding.EncodeToString(issued.Leaf.Raw) + ":"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if !cert.Verified() || !cert.Leaf().Equal(issued.Leaf) {
		t.Error("not verified, or another leaf")
	}
}

func TestZeroCertificatePanics(t *testing.T) {
	var zero mtls.Certificate
	if zero.Present() {
		t.Error("the zero certificate is present")
	}
	for name, use := range map[string]func(){
		"Thumbprint":    func() { zero.Thumbprint() },
		"Verified":      func() { zero.Verified() },
		"VerifyAgainst": func() { _ = zero.VerifyAgainst(nil, now) },
		"NewPeer":       func() { mtls.NewPeer(&tls.ConnectionState{}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			use()
		})
	}
}

func TestPeerCostsNothingOnceJudged(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	trust := root.Bundle(t)
	ctx := mtls.WithPeer(context.Background(), mtlstest.Peer(t, root.Client(t, "x"), trust))
	if got := testing.AllocsPerRun(100, func() {
		if _, err := mtls.PeerFrom(ctx).Certificate(now); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("a request allocates %v times", got)
	}
	if mtls.PeerFrom(context.Background()) != nil {
		t.Error("a context without a peer has one")
	}
}

func TestPeerIsSafeForConcurrentRequests(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	bundles := []*mtls.Bundle{root.Bundle(t), root.Bundle(t)}
	var calls atomic.Int64
	peer := mtls.NewPeer(mtlstest.Handshake(t, root.Client(t, "x")), func() *mtls.Bundle {
		return bundles[calls.Add(1)%2]
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := peer.Certificate(now); err != nil {
					t.Errorf("refused: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkPeerCertificate(b *testing.B) {
	root := mtlstest.NewAuthority(b)
	peer := mtlstest.Peer(b, root.Client(b, "x"), root.Bundle(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peer.Certificate(now); err != nil {
			b.Fatal(err)
		}
	}
}
