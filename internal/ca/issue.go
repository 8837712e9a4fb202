package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// backdate is how long before now a certificate is valid already, for peers
// whose clocks are behind.
const backdate = time.Minute

// IssueServer issues the certificate of a server that is reached by the given
// DNS names and IP addresses, and returns it as PEM. The caller has made sure
// that whoever asks holds the key. It lives at most 398 days and never longer
// than the authority.
func (a *Authority) IssueServer(names []string, pub crypto.PublicKey, lifetime time.Duration, now time.Time) ([]byte, error) {
	template, err := serverProfile.template(lifetime, now)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("a server certificate needs at least one DNS name or IP address")
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if isHostName(name) {
			template.DNSNames = append(template.DNSNames, name)
		} else {
			return nil, fmt.Errorf("%q is neither a DNS name in lower case nor an IP address", name)
		}
	}
	// Only the alternative names count (RFC 9525 §2); the subject is for people.
	template.Subject = pkix.Name{CommonName: cut(names[0], 64)}
	return a.issue(template, pub)
}

// IssuePartner issues a client certificate for a partner and returns it as
// PEM. The subject is what the partner is known by; it lives at most 398 days
// and never longer than the authority.
func (a *Authority) IssuePartner(subject pkix.Name, pub crypto.PublicKey, lifetime time.Duration, now time.Time) ([]byte, error) {
	template, err := partnerProfile.template(lifetime, now)
	if err != nil {
		return nil, err
	}
	if len(subject.ToRDNSequence()) == 0 {
		return nil, errors.New("a partner certificate needs a subject")
	}
	template.Subject = subject
	return a.issue(template, pub)
}

func (a *Authority) issue(template *x509.Certificate, pub crypto.PublicKey) ([]byte, error) {
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	if template.NotAfter.After(a.cert.NotAfter) {
		return nil, fmt.Errorf("the certificate would outlive its authority, which expires on %s; ask for a shorter lifetime or renew the authority",
			a.cert.NotAfter.UTC().Format(time.DateOnly))
	}
	// A minute of backdating may not reach back before the authority itself.
	if template.NotBefore.Before(a.cert.NotBefore) {
		template.NotBefore = a.cert.NotBefore
	}
	cert, err := sign(template, a.cert, pub, a.key)
	if err != nil {
		return nil, err
	}
	return encode(cert), nil
}

// template makes what all certificates of the profile have in common.
func (p profile) template(lifetime time.Duration, now time.Time) (*x509.Certificate, error) {
	if err := p.checkLifetime(lifetime); err != nil {
		return nil, err
	}
	return &x509.Certificate{
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              p.keyUsage,
		ExtKeyUsage:           p.extKeyUsage,
		BasicConstraintsValid: true,
		IsCA:                  p.authority,
		MaxPathLenZero:        p.authority,
	}, nil
}

// sign adds a serial number and the key identifiers, signs, and reads back
// what was made.
func sign(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	var err error
	if template.SerialNumber, err = newSerial(); err != nil {
		return nil, err
	}
	if template.SubjectKeyId, err = keyID(pub); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newSerial makes a serial number of 128 random bits (RFC 5280 §4.1.2.2 asks
// for a positive number of at most 20 octets).
func newSerial() (*big.Int, error) {
	limit := new(big.Int).Lsh(big.NewInt(1), 128)
	for {
		n, err := rand.Int(rand.Reader, limit)
		if err != nil || n.Sign() > 0 {
			return n, err
		}
	}
}

// isHostName checks labels of lower-case letters, digits and inner hyphens
// (RFC 1123 §2.1). A wildcard is no name of one server.
func isHostName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
		}
	}
	return len(name) <= 253
}

func cut(s string, most int) string { return s[:min(len(s), most)] }

// keyID names a public key by the first 160 bits of its SHA-256 (RFC 7093 §2,
// method 1).
func keyID(pub crypto.PublicKey) ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &info); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info.Key.Bytes)
	return sum[:20], nil
}
