package dpop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

// Key makes proofs with one private key. It is safe for concurrent use.
type Key struct {
	signer     *jose.Signer
	thumbprint string
}

// GenerateKey makes a new ES256 key from the system's CSPRNG.
func GenerateKey() (*Key, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a DPoP key: %w", err)
	}
	return NewKey(key)
}

// NewKey makes proofs with a key of P-256 (ES256), Ed25519 (EdDSA) or RSA of
// at least 2048 bits (PS256); any other key is an error.
func NewKey(key crypto.Signer) (*Key, error) {
	signer, err := jose.NewSigner(key, "")
	if err != nil {
		return nil, fmt.Errorf("DPoP key: %w", err)
	}
	public := signer.Public()
	thumbprint, err := jose.Thumbprint(&public)
	if err != nil {
		return nil, fmt.Errorf("DPoP key: %w", err)
	}
	return &Key{signer: signer, thumbprint: thumbprint}, nil
}

// Thumbprint is the value of jkt in tokens bound to this key (RFC 9449 §6.1).
func (k *Key) Thumbprint() string { return k.thumbprint }

// Proof makes the value of the DPoP header for one request (CL21). A proof is
// for one use: a retry needs a new one. The query and fragment of uri are left
// out of htu. accessToken is "" for a request that brings none, nonce is ""
// when the server has given none. A proof that its server would have to refuse
// as too large is an error.
func (k *Key) Proof(method, uri, accessToken, nonce string, now time.Time) (string, error) {
	if method == "" {
		return "", errors.New("DPoP proof needs the request's method")
	}
	target, err := target(uri)
	if err != nil {
		return "", fmt.Errorf("DPoP proof: %w", err)
	}
	c := claims{ID: rand.Text(), Method: method, URI: target, IssuedAt: jose.DateOf(now), Nonce: nonce}
	if accessToken != "" {
		c.Hash = tokenHash(accessToken)
	}
	proof, err := k.signer.SignEmbedding(Type, c)
	if err != nil {
		return "", fmt.Errorf("sign a DPoP proof: %w", err)
	}
	if len(proof) > maxProofBytes {
		return "", fmt.Errorf("DPoP proof would have %d bytes, at most %d are accepted", len(proof), maxProofBytes)
	}
	return proof, nil
}

// target is the URI as it is requested, without query and fragment. It is not
// normalised further: a server that compares text must find its own spelling.
func target(uri string) (string, error) {
	if _, err := NormalizeURI(uri); err != nil {
		return "", err
	}
	t := withoutQuery(uri)
	if strings.Count(t, "/") == 2 { // only those of "https://"
		t += "/"
	}
	return t, nil
}
