package mtlstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"gatehouse.example/mtls"
)

// Authority is a certificate authority for tests.
type Authority struct {
	cert  *x509.Certificate
	key   crypto.Signer
	above [][]byte // the intermediates from this authority up to the root, without the root
}

var (
	notBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)
)

// NewAuthority makes a root authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	return NewAuthorityFor(t, newKey(t))
}

// NewAuthorityFor makes a root authority of a key that the test made.
func NewAuthorityFor(t testing.TB, key crypto.Signer) *Authority {
	t.Helper()
	template := authorityTemplate("Test Root")
	return &Authority{cert: sign(t, template, template, key.Public(), key), key: key}
}

// Intermediate makes an authority below this one. What it issues carries the
// intermediates along.
func (a *Authority) Intermediate(t testing.TB) *Authority {
	t.Helper()
	return a.IntermediateWith(t, func(*x509.Certificate) {})
}

// IntermediateWith makes an authority below this one after edit changed the
// template of its certificate.
func (a *Authority) IntermediateWith(t testing.TB, edit func(*x509.Certificate)) *Authority {
	t.Helper()
	key := newKey(t)
	template := authorityTemplate("Test Intermediate")
	edit(template)
	cert := sign(t, template, a.cert, key.Public(), a.key)
	return &Authority{cert: cert, key: key, above: append([][]byte{cert.Raw}, a.above...)}
}

// Client issues a client certificate with the given common name.
func (a *Authority) Client(t testing.TB, cn string) tls.Certificate {
	t.Helper()
	return a.ClientWith(t, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: cn} })
}

// ClientWith issues a client certificate after edit changed its template.
func (a *Authority) ClientWith(t testing.TB, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	return a.ClientFor(t, newKey(t), edit)
}

// ClientFor issues a client certificate for a key that the test made.
func (a *Authority) ClientFor(t testing.TB, key crypto.Signer, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := leafTemplate(x509.ExtKeyUsageClientAuth)
	edit(template)
	return a.issue(t, template, key)
}

// Server issues a server certificate for DNS names and IP addresses.
func (a *Authority) Server(t testing.TB, names ...string) tls.Certificate {
	t.Helper()
	return a.ServerWith(t, func(c *x509.Certificate) {
		for _, name := range names {
			if ip := net.ParseIP(name); ip != nil {
				c.IPAddresses = append(c.IPAddresses, ip)
			} else {
				c.DNSNames = append(c.DNSNames, name)
			}
		}
	})
}

// ServerWith issues a server certificate after edit changed its template.
func (a *Authority) ServerWith(t testing.TB, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := leafTemplate(x509.ExtKeyUsageServerAuth)
	edit(template)
	return a.issue(t, template, newKey(t))
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Pool holds the authority's certificate, for clients that trust its servers.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Bundle trusts the client certificates of this authority, with at most two
// intermediates.
func (a *Authority) Bundle(t testing.TB) *mtls.Bundle {
	t.Helper()
	return BundleOf(t, a)
}

func (a *Authority) issue(t testing.TB, template *x509.Certificate, key crypto.Signer) tls.Certificate {
	t.Helper()
	leaf := sign(t, template, a.cert, key.Public(), a.key)
	return tls.Certificate{Certificate: append([][]byte{leaf.Raw}, a.above...), PrivateKey: key, Leaf: leaf}
}

func authorityTemplate(cn string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: cn}, NotBefore: notBefore, NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func leafTemplate(usage x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "test"}, NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("key for a test: %v", err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		t.Fatalf("serial number for a test: %v", err)
	}
	template.SerialNumber = serial
	if template.IsCA {
		// Authorities of one name are told apart by their serial number.
		template.Subject.SerialNumber = serial.String()
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatalf("certificate for a test: %v", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("certificate for a test: %v", err)
	}
	return cert
}

// BundleOf trusts the client certificates of several authorities, with at
// most two intermediates.
func BundleOf(t testing.TB, authorities ...*Authority) *mtls.Bundle {
	t.Helper()
	var all []byte
	for _, a := range authorities {
		all = append(all, a.PEM()...)
	}
	b, err := mtls.ParseBundle(all, 2)
	if err != nil {
		t.Fatalf("trust bundle of the test authorities: %v", err)
	}
	return b
}
