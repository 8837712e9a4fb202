package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"gatehouse.example/internal/signer"
)

// Authority is a certificate authority with its key.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// New makes a self-signed root authority with a fresh ES256 key. The name
// becomes its common name. The lifetime is at most 20 years.
func New(name string, lifetime time.Duration, now time.Time) (*Authority, error) {
	if name == "" || len(name) > 64 {
		return nil, errors.New("the name of a certificate authority must have from 1 to 64 bytes")
	}
	key, err := signer.GenerateES256()
	if err != nil {
		return nil, err
	}
	template, err := rootProfile.template(lifetime, now)
	if err != nil {
		return nil, err
	}
	template.Subject = pkix.Name{CommonName: name}
	cert, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{cert: cert, key: key}, nil
}

// Load reads an authority back from its PEM certificate and private key, which
// must belong together.
func Load(certPEM, keyPEM []byte) (*Authority, error) {
	block, rest := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the certificate of the authority must be one PEM block CERTIFICATE")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the authority cannot be read: %w", err)
	}
	if !cert.BasicConstraintsValid || !cert.IsCA || cert.KeyUsage&x509.KeyUsageCertSign == 0 {
		return nil, errors.New("the certificate is not a certificate authority's")
	}
	key, err := signer.ParsePEM(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("the key of the authority: %w", err)
	}
	if pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(cert.PublicKey) {
		return nil, errors.New("the key does not belong to the certificate of the authority")
	}
	return &Authority{cert: cert, key: key}, nil
}

// CertificatePEM is the authority's certificate, which everyone may have.
func (a *Authority) CertificatePEM() []byte { return encode(a.cert) }

// KeyPEM is the authority's private key (PKCS#8). It belongs in a file that
// nobody but its owner can read.
func (a *Authority) KeyPEM() ([]byte, error) { return signer.EncodePEM(a.key) }

func encode(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}
