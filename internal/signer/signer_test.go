package signer_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"gatehouse.example/internal/signer"
)

type comparable interface{ Equal(crypto.PublicKey) bool }

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestParsePEM(t *testing.T) {
	ec := must(signer.GenerateES256())(t)
	ecDER := must(x509.MarshalECPrivateKey(ec))(t)
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	for _, c := range []struct {
		name string
		pem  []byte
		want crypto.Signer
	}{
		{"PKCS#8 P-256", must(signer.EncodePEM(ec))(t), ec},
		{"PKCS#8 RSA", must(signer.EncodePEM(rsaKey))(t), rsaKey},
		{"PKCS#8 Ed25519", must(signer.EncodePEM(edKey))(t), edKey},
		{"SEC 1", block("EC PRIVATE KEY", ecDER), ec},
		{"SEC 1 after its parameters", append(block("EC PARAMETERS", []byte{1}), block("EC PRIVATE KEY", ecDER)...), ec},
		{"PKCS#1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), rsaKey},
		{"beside a certificate", append(block("CERTIFICATE", []byte{1}), must(signer.EncodePEM(ec))(t)...), ec},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := signer.ParsePEM(c.pem)
			if err != nil {
				t.Fatal(err)
			}
			if !c.want.Public().(comparable).Equal(got.Public()) {
				t.Error("another key came back")
			}
		})
	}
}

func TestProof_C2_ParsePEMRefuses(t *testing.T) {
	ec := must(signer.EncodePEM(must(signer.GenerateES256())(t)))(t)
	small := must(rsa.GenerateKey(rand.Reader, 1024))(t)
	agreement := must(x509.MarshalPKCS8PrivateKey(must(ecdh.X25519().GenerateKey(rand.Reader))(t)))(t)
	legacy := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: []byte("sealed"),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"},
	})
	for _, c := range []struct {
		name, want string
		pem        []byte
	}{
		{"empty", "no PEM private key", nil},
		{"certificate only", "no PEM private key", block("CERTIFICATE", []byte{1})},
		{"damaged", "is damaged", block("PRIVATE KEY", []byte("hunter2"))},
		{"two keys", "more than one", append(ec, ec...)},
		{"C2 RSA of 1024 bits", "1024 bits", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small))},
		{"key agreement only", "not of type", block("PRIVATE KEY", agreement)},
		{"encrypted PKCS#8", "passphrase", block("ENCRYPTED PRIVATE KEY", []byte{1})},
		{"encrypted PKCS#1", "passphrase", legacy},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := signer.ParsePEM(c.pem)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v does not say %q", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error has more than a line, or some of the key: %v", err)
			}
		})
	}
}

func TestGenerateES256(t *testing.T) {
	a, b := must(signer.GenerateES256())(t), must(signer.GenerateES256())(t)
	if a.Curve != elliptic.P256() || a.Equal(b) {
		t.Error("not two different P-256 keys")
	}
}

// remote is a key whose private half is elsewhere.
type remote struct{ crypto.Signer }

func TestEncodePEMOfAKeyThatIsElsewhere(t *testing.T) {
	var key *ecdsa.PrivateKey = must(signer.GenerateES256())(t)
	if _, err := signer.EncodePEM(remote{key}); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("got %v", err)
	}
}
