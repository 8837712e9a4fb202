package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// GenerateES256 makes a new P-256 key from the system's CSPRNG.
func GenerateES256() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// EncodePEM writes a software key as a PKCS#8 PEM block (RFC 5958, RFC 7468
// §10). A key that lives elsewhere cannot be written and is an error.
func EncodePEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("a key of type %T cannot be written as PEM", key)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParsePEM reads the one private key in data: PKCS#8 ("PRIVATE KEY"), SEC 1
// ("EC PRIVATE KEY", RFC 5915) or PKCS#1 ("RSA PRIVATE KEY", RFC 8017 §A.1.2).
// Blocks that are not keys, such as EC PARAMETERS or certificates, are passed
// over. Small keys are refused (C2).
func ParsePEM(data []byte) (crypto.Signer, error) {
	var found crypto.Signer
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		if key == nil {
			continue
		}
		if found != nil {
			return nil, errors.New("it holds more than one private key; keep each key in a file of its own")
		}
		found = key
	}
	if found == nil {
		return nil, errors.New("it holds no PEM private key; it must begin with -----BEGIN PRIVATE KEY-----")
	}
	return found, nil
}

// parseBlock returns nil and no error for a block that is no private key.
func parseBlock(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errEncrypted
	default:
		return nil, nil
	}
	if block.Headers["DEK-Info"] != "" {
		return nil, errEncrypted
	}
	if err != nil {
		// The parser's own words could quote the key's bytes.
		return nil, errors.New("its private key is damaged or of a kind that is not known here; make a new one")
	}
	return usable(key)
}

var errEncrypted = errors.New("its private key is encrypted with a passphrase, which is not supported; decrypt it with openssl pkey and protect the file instead")

// usable refuses keys that no protocol here may use: RSA below 2048 bits and
// elliptic curves below 224 (C2, SP 5.4.1).
func usable(key any) (crypto.Signer, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if k.Curve.Params().BitSize < 224 {
			return nil, errors.New("its elliptic-curve key is smaller than 224 bits; make a P-256 key")
		}
		return k, nil
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, fmt.Errorf("its RSA key has %d bits, at least 2048 are needed; make a new key", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("its private key is not of type EC, RSA or Ed25519; make a P-256 key")
}
