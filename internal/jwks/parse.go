package jwks

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"gatehouse.example/internal/protocol/jose"
)

// parseMetadata reads jwks_uri from an issuer's metadata (RFC 8414 §2 and §3.3):
// the document must name exactly the issuer that we trust.
func parseMetadata(body []byte, issuer string) (jwksURI string, err error) {
	var m struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := jose.Decode(body, &m); err != nil {
		return "", fmt.Errorf("metadata cannot be read: %w", err)
	}
	if m.Issuer != issuer {
		return "", fmt.Errorf("metadata is of issuer %q and not of %q", m.Issuer, issuer)
	}
	if m.JWKSURI == "" {
		return "", errors.New("metadata has no jwks_uri")
	}
	if err := checkHTTPS(m.JWKSURI); err != nil {
		return "", fmt.Errorf("jwks_uri of the metadata: %w", err)
	}
	return m.JWKSURI, nil
}

// parseKeys reads a JWK Set that has at least one key, and gives the digest by
// which two sets are told apart.
func parseKeys(body []byte) (jose.KeySet, [sha256.Size]byte, error) {
	set, err := jose.ParseKeySet(body)
	if err != nil {
		return jose.KeySet{}, [sha256.Size]byte{}, err
	}
	if len(set.Keys()) == 0 {
		return jose.KeySet{}, [sha256.Size]byte{}, errors.New("the JWK Set has no key that can verify a signature")
	}
	text, err := set.MarshalJSON()
	if err != nil {
		return jose.KeySet{}, [sha256.Size]byte{}, fmt.Errorf("the JWK Set cannot be written again: %w", err)
	}
	return set, sha256.Sum256(text), nil
}
