package edge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"gatehouse.example/internal/signer"
)

// loadCertificate reads a server's certificate chain and key. It refuses what
// clients would refuse, so that the operator hears it first: each error says
// in one line what is wrong and what to do.
func loadCertificate(certFile, keyFile string, now time.Time) (tls.Certificate, error) {
	chain, err := readChain(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate file %s is damaged: %w; write it anew", certFile, err)
	}
	if err := checkServerLeaf(leaf, now); err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate file %s: %w", certFile, err)
	}
	key, err := signer.LoadPEM(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(leaf.PublicKey) {
		return tls.Certificate{}, fmt.Errorf("the key in %s does not belong to the certificate in %s; put the matching pair in place", keyFile, certFile)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, nil
}

// readChain returns the DER of the file's certificates. Other PEM blocks are
// passed over: some tools write the key into the same file.
func readChain(path string) ([][]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("certificate file %s does not exist; create it or correct the path", path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("certificate file %s cannot be read by this user; run: chmod 644 %s", path, path)
	case err != nil:
		return nil, fmt.Errorf("certificate file %s cannot be read: %w", path, err)
	}
	var chain [][]byte
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			chain = append(chain, block.Bytes)
		}
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("certificate file %s holds no PEM certificate; it must begin with -----BEGIN CERTIFICATE-----", path)
	}
	return chain, nil
}

func checkServerLeaf(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("it expired on %s; put a renewed certificate in place", leaf.NotAfter.UTC().Format(time.DateTime))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s; check the clock, or put a valid certificate in place", leaf.NotBefore.UTC().Format(time.DateTime))
	case leaf.IsCA:
		return errors.New("its first certificate is a certificate authority's; put the server's own first")
	case !forServers(leaf):
		return errors.New("its extended key usage does not include server authentication; use a certificate that was issued for a server")
	case len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0:
		return errors.New("it names no host (no DNS name or IP address as subject alternative name); use one that does")
	}
	return checkServerKey(leaf.PublicKey)
}

func forServers(leaf *x509.Certificate) bool {
	return len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 ||
		slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) ||
		slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// checkServerKey refuses keys smaller than SP 5.4.1 allows (C2).
func checkServerKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("its RSA key has %d bits, at least 2048 are needed; use a certificate with a P-256 key", k.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize < 224 {
			return errors.New("its elliptic-curve key is smaller than 224 bits; use a certificate with a P-256 key")
		}
	}
	return nil
}
