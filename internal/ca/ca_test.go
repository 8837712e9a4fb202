package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/ca"
	"gatehouse.example/internal/signer"
	"gatehouse.example/mtls"
)

const day = 24 * time.Hour

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newAuthority(t *testing.T) *ca.Authority {
	t.Helper()
	a, err := ca.New("Test CA", 365*day, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := signer.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func parse(t *testing.T, data []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) > 0 {
		t.Fatalf("not one PEM certificate: %q", data)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestRoot(t *testing.T) {
	root := parse(t, newAuthority(t).CertificatePEM())
	if !root.IsCA || root.MaxPathLen != 0 || !root.MaxPathLenZero {
		t.Error("not an authority of path length 0")
	}
	if root.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || len(root.ExtKeyUsage) != 0 {
		t.Error("the root may do something else than sign certificates and revocation lists")
	}
	if root.SignatureAlgorithm != x509.ECDSAWithSHA256 || root.PublicKey.(*ecdsa.PublicKey).Curve != elliptic.P256() {
		t.Error("not an ES256 key")
	}
	if err := root.CheckSignatureFrom(root); err != nil {
		t.Error(err)
	}
	if root.Subject.CommonName != "Test CA" || !root.NotAfter.Equal(now.Add(365*day)) {
		t.Errorf("subject %s, until %v", root.Subject, root.NotAfter)
	}
}

func TestServerCertificate(t *testing.T) {
	a := newAuthority(t)
	data, err := a.IssueServer([]string{"localhost", "api.bank.example", "127.0.0.1", "::1"}, newKey(t).Public(), 90*day, now)
	if err != nil {
		t.Fatal(err)
	}
	cert, roots := parse(t, data), x509.NewCertPool()
	roots.AddCert(parse(t, a.CertificatePEM()))
	for _, host := range []string{"localhost", "api.bank.example", "127.0.0.1", "::1"} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("a server certificate can be used by a client")
	}
	checkLeaf(t, cert, parse(t, a.CertificatePEM()))
}

func TestPartnerCertificate(t *testing.T) {
	a := newAuthority(t)
	subject := pkix.Name{CommonName: "demo-partner", Organization: []string{"Demo partner"}}
	data, err := a.IssuePartner(subject, newKey(t).Public(), 90*day, now)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := mtls.ParseBundle(a.CertificatePEM(), 0)
	if err != nil {
		t.Fatal(err)
	}
	cert := parse(t, data)
	if err := bundle.Verify([]*x509.Certificate{cert}, now); err != nil {
		t.Errorf("the partner listener refuses it: %v", err)
	}
	if got := cert.Subject.String(); got != "CN=demo-partner,O=Demo partner" {
		t.Errorf("subject is %s", got)
	}
	checkLeaf(t, cert, parse(t, a.CertificatePEM()))
}

func checkLeaf(t *testing.T, cert, root *x509.Certificate) {
	t.Helper()
	if cert.IsCA || !cert.BasicConstraintsValid || cert.KeyUsage != x509.KeyUsageDigitalSignature || len(cert.ExtKeyUsage) != 1 {
		t.Error("the certificate may do more than one thing")
	}
	if !slices.Equal(cert.AuthorityKeyId, root.SubjectKeyId) || len(cert.SubjectKeyId) != 20 || slices.Equal(cert.SubjectKeyId, root.SubjectKeyId) {
		t.Error("key identifiers are wrong")
	}
	if cert.NotBefore.After(now.Add(-time.Minute)) || !cert.NotAfter.Equal(now.Add(90*day)) {
		t.Errorf("valid from %v until %v", cert.NotBefore, cert.NotAfter)
	}
}

func TestSerialNumbersAreRandom(t *testing.T) {
	a, key := newAuthority(t), newKey(t)
	seen, longest := map[string]bool{}, 0
	for range 32 {
		data, err := a.IssueServer([]string{"localhost"}, key.Public(), day, now)
		if err != nil {
			t.Fatal(err)
		}
		n := parse(t, data).SerialNumber
		if seen[n.String()] || n.Sign() <= 0 || n.BitLen() > 128 {
			t.Fatalf("serial number %v", n)
		}
		seen[n.String()], longest = true, max(longest, n.BitLen())
	}
	// That none of 32 random numbers has one of its ten highest bits set
	// happens once in 2^320 runs.
	if longest < 118 {
		t.Errorf("serial numbers have at most %d bits", longest)
	}
}

func TestLoad(t *testing.T) {
	a := newAuthority(t)
	keyPEM, err := a.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ca.Load(a.CertificatePEM(), keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.CertificatePEM()) != string(a.CertificatePEM()) {
		t.Error("another certificate came back")
	}
	if _, err := again.IssueServer([]string{"localhost"}, newKey(t).Public(), day, now); err != nil {
		t.Error(err)
	}
	otherKey, err := newAuthority(t).KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	leafKey := newKey(t)
	leaf, err := a.IssueServer([]string{"localhost"}, leafKey.Public(), day, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		cert, key  []byte
	}{
		{"no certificate", "one PEM block", nil, keyPEM},
		{"two certificates", "one PEM block", append(a.CertificatePEM(), leaf...), keyPEM},
		{"damaged certificate", "cannot be read", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), keyPEM},
		{"leaf", "not a certificate authority's", leaf, keyPEM},
		{"no key", "the key of the authority", a.CertificatePEM(), nil},
		{"another's key", "does not belong", a.CertificatePEM(), otherKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ca.Load(c.cert, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	a, pub := newAuthority(t), crypto.PublicKey(newKey(t).Public())
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	server := func(pub crypto.PublicKey, lifetime time.Duration, names ...string) error {
		_, err := a.IssueServer(names, pub, lifetime, now)
		return err
	}
	partner := func(subject pkix.Name, lifetime time.Duration) error {
		_, err := a.IssuePartner(subject, pub, lifetime, now)
		return err
	}
	root := func(name string, lifetime time.Duration) error {
		_, err := ca.New(name, lifetime, now)
		return err
	}
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"server without a name", "at least one", server(pub, day)},
		{"server wildcard", "neither a DNS name", server(pub, day, "*.bank.example")},
		{"server upper case", "neither a DNS name", server(pub, day, "Bank.example")},
		{"server empty name", "neither a DNS name", server(pub, day, "localhost", "")},
		{"server for ever", "must be from 1 minute to 398 days", server(pub, 399*day, "localhost")},
		{"server no time", "must be from", server(pub, 0, "localhost")},
		{"server outlives the authority", "outlive its authority", server(pub, 366*day, "localhost")},
		{"C2 small key", "1024 bits", server(small.Public(), day, "localhost")},
		{"no key", "not of type", server(nil, day, "localhost")},
		{"partner without a subject", "needs a subject", partner(pkix.Name{}, day)},
		{"partner for ever", "must be from", partner(pkix.Name{CommonName: "x"}, 399*day)},
		{"root without a name", "from 1 to 64", root("", day)},
		{"root for ever", "must be from", root("x", 100*365*day)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("error %v does not say %q", c.err, c.want)
			}
		})
	}
}

func TestSenselessProfilesAreRefused(t *testing.T) {
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, c := range []struct {
		name      string
		profile   string
		authority bool
		usage     x509.KeyUsage
		purposes  []x509.ExtKeyUsage
	}{
		{"no name", "", false, x509.KeyUsageDigitalSignature, client},
		{"end entity that signs certificates", "x", false, x509.KeyUsageCertSign, client},
		{"end entity for any purpose", "x", false, x509.KeyUsageDigitalSignature, nil},
		{"authority that cannot sign", "x", true, x509.KeyUsageDigitalSignature, nil},
		{"authority that is a client", "x", true, x509.KeyUsageCertSign, client},
	} {
		t.Run(c.name, func(t *testing.T) {
			if ca.CheckProfile(c.profile, c.authority, c.usage, c.purposes) == nil {
				t.Error("accepted")
			}
		})
	}
}
