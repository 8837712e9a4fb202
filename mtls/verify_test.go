package mtls_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// refused tells whether err is the refusal RS5 invalid_token whose sentence or
// cause holds the reason.
func refused(err error, reason string) bool {
	var r *oauth.Refusal
	return errors.As(err, &r) && r.Rule == "RS5" && r.Code == oauth.InvalidToken && strings.Contains(r.Error(), reason)
}

// judged presents a certificate to a listener with the bundle.
func judged(t *testing.T, cert tls.Certificate, trust *mtls.Bundle) error {
	t.Helper()
	_, err := mtlstest.Peer(t, cert, trust).Certificate(now)
	return err
}

func TestProof_RS5_C2_ChainJudgedByReason(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	trust := root.Bundle(t)
	second := root.Intermediate(t).Intermediate(t)
	if err := judged(t, second.Client(t, "two intermediates"), trust); err != nil {
		t.Fatalf("two intermediates: %v", err)
	}
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	long := mtlstest.Handshake(t, root.Client(t, "long")).PeerCertificates
	for range 40 {
		long = append(long, long[0])
	}
	cases := []struct {
		name, ids, reason string
		cert              tls.Certificate
		chain             []*x509.Certificate // instead of cert
	}{
		{"RS5 other authority", "RS5", "unknown authority", mtlstest.NewAuthority(t).Client(t, "x"), nil},
		{"RS5 three intermediates", "RS5", "more than 2 intermediate", second.Intermediate(t).Client(t, "x"), nil},
		{"RS5 server certificate", "RS5", "incompatible key usage", root.Server(t, "server.test"), nil},
		{"RS5 key may not sign", "RS5", "digital signatures", root.ClientWith(t, func(c *x509.Certificate) {
			c.KeyUsage = x509.KeyUsageKeyAgreement
		}), nil},
		{"RS5 SHA-1 signature", "RS5", "SHA1", root.ClientWith(t, func(c *x509.Certificate) {
			c.SignatureAlgorithm = x509.ECDSAWithSHA1
		}), nil},
		{"RS5 expired intermediate", "RS5", "expired", root.IntermediateWith(t, func(c *x509.Certificate) {
			c.NotAfter = now.Add(-time.Second)
		}).Client(t, "x"), nil},
		{"C2 RSA key of 1024 bits", "RS5 C2", "1024 bits", root.ClientFor(t, weakKey, func(*x509.Certificate) {}), nil},
		{"RS5 no certificate in the chain", "RS5", "no certificate", tls.Certificate{}, []*x509.Certificate{}},
		{"RS5 endless chain", "RS5", "at most", tls.Certificate{}, long},
	}
	var proofs []leaveout.Case
	for _, c := range cases {
		holds := func() bool {
			if c.chain != nil {
				err := trust.Verify(c.chain, now)
				return err != nil && strings.Contains(err.Error(), c.reason)
			}
			return refused(judged(t, c.cert, trust), c.reason)
		}
		proofs = append(proofs, leaveout.Case{Name: c.name, IDs: c.ids, Holds: holds})
		t.Run(c.name, func(t *testing.T) {
			if !holds() {
				t.Errorf("not refused for the reason %q: %v", c.reason, judged(t, c.cert, trust))
			}
		})
	}
	t.Run("RS5 each step is needed", func(t *testing.T) {
		leaveout.EachStep(t, mtls.VerifySteps(), mtls.WithoutVerifyStep, proofs)
	})
}

func TestProof_RS5_NoBundleTrustsNobody(t *testing.T) {
	cert, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, "x"), mtls.AdmitAny()).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.VerifyAgainst(nil, now); err == nil {
		t.Error("a nil bundle verified a certificate")
	}
}

func TestProof_AS13_VerifyAgainstABundleOfOnesOwn(t *testing.T) {
	root := mtlstest.NewAuthority(t)
	cert, err := mtlstest.Peer(t, root.Client(t, "x"), mtls.AdmitAny()).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	if cert.Verified() {
		t.Error("a listener without a bundle calls the certificate verified")
	}
	if err := cert.VerifyAgainst(root.Bundle(t), now); err != nil {
		t.Errorf("its own authority: %v", err)
	}
	if err := cert.VerifyAgainst(mtlstest.NewAuthority(t).Bundle(t), now); err == nil {
		t.Error("another authority vouched for the certificate")
	}
}

func TestBundle(t *testing.T) {
	root, other := mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	leaf := mtlstest.NewAuthority(t).Client(t, "x").Leaf
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		pem        []byte
		depth      int
	}{
		{"empty", "no certificate in it", nil, 2},
		{"not PEM", "not PEM", []byte("partner-ca"), 2},
		{"text after", "not PEM", append(root.PEM(), "rest"...), 2},
		{"private key", "only CERTIFICATE blocks", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 2},
		{"broken", "cannot be read", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 2},
		{"leaf", "not a certificate authority", encode(leaf), 2},
		{"C2 weak root", "1024 bits", mtlstest.NewAuthorityFor(t, weakKey).PEM(), 2},
		{"negative depth", "from 0 to", root.PEM(), -1},
		{"giant depth", "from 0 to", root.PEM(), 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := mtls.ParseBundle(c.pem, c.depth); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
	t.Run("digest", func(t *testing.T) {
		digest := func(depth int, parts ...[]byte) string {
			var all []byte
			for _, p := range parts {
				all = append(all, p...)
			}
			b, err := mtls.ParseBundle(all, depth)
			if err != nil {
				t.Fatal(err)
			}
			return b.Digest()
		}
		both := digest(2, root.PEM(), other.PEM())
		if both != digest(2, other.PEM(), root.PEM(), root.PEM()) {
			t.Error("order or repetition changes the digest")
		}
		if both == digest(1, root.PEM(), other.PEM()) || both == digest(2, root.PEM()) {
			t.Error("the digest does not tell depth or content apart")
		}
	})
	t.Run("last expiry", func(t *testing.T) {
		if got := root.Bundle(t).LastExpiry(); got.Year() != 2099 {
			t.Errorf("last expiry is %v", got)
		}
	})
}
