package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// ErrNoKey says that no key of a set can have signed the token.
var ErrNoKey = errors.New("no key in the set matches the token's kid and algorithm")

// KeySet is a set of public signature keys (RFC 7517 §5). The zero value is
// an empty set.
type KeySet struct {
	keys []gojose.JSONWebKey
}

// maxKeys bounds how many keys a set may have.
const maxKeys = 100

// ParseKeySet reads a JWK Set. Keys that cannot verify a signature here, by
// their type, curve or use, are passed over (RFC 7517 §5), so that an issuer
// may publish a new kind of key beside its others; a private or symmetric key,
// or one that is too small (C2), is an error, for somebody has to be told.
// Certificates beside a key (x5c, x5u) are not looked at (C4).
func ParseKeySet(data []byte) (KeySet, error) {
	var raw struct {
		Keys []map[string]*json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return KeySet{}, fmt.Errorf("not a JWK Set: %w", err)
	}
	if raw.Keys == nil {
		return KeySet{}, errors.New(`not a JWK Set: it has no "keys" array`)
	}
	if len(raw.Keys) > maxKeys {
		return KeySet{}, fmt.Errorf("JWK Set has %d keys, at most %d are read", len(raw.Keys), maxKeys)
	}
	var set KeySet
	for i, members := range raw.Keys {
		key, err := readKey(members)
		if errors.Is(err, gojose.ErrUnsupportedKeyType) {
			continue
		}
		if err != nil {
			return KeySet{}, fmt.Errorf("key %d of the JWK Set: %w", i, err)
		}
		set.keys = append(set.keys, *key)
	}
	return set, nil
}

// readKey reads one key of a set. ErrUnsupportedKeyType says that it is none
// of ours.
func readKey(members map[string]*json.RawMessage) (*gojose.JSONWebKey, error) {
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	var kind struct {
		Type  string `json:"kty"`
		Curve string `json:"crv"`
		Use   string `json:"use"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	otherCurve := kind.Type == "EC" && !slices.Contains([]string{"P-256", "P-384", "P-521"}, kind.Curve)
	if otherCurve || kind.Use != "" && kind.Use != "sig" {
		return nil, gojose.ErrUnsupportedKeyType
	}
	for _, name := range []string{"x5c", "x5u", "x5t", "x5t#S256"} {
		delete(members, name)
	}
	if text, err = json.Marshal(members); err != nil {
		return nil, err
	}
	key := new(gojose.JSONWebKey)
	if err := json.Unmarshal(text, key); err != nil {
		return nil, err
	}
	return key, CheckPublic(key)
}

// NewKeySet makes a set of keys that we hold; private halves are dropped.
func NewKeySet(keys ...gojose.JSONWebKey) KeySet {
	var set KeySet
	for _, k := range keys {
		set.keys = append(set.keys, k.Public())
	}
	return set
}

// Keys returns the public keys. The caller must not change them.
func (s KeySet) Keys() []gojose.JSONWebKey { return s.keys }

// MarshalJSON writes the JWK Set.
func (s KeySet) MarshalJSON() ([]byte, error) {
	keys := s.keys
	if keys == nil {
		keys = []gojose.JSONWebKey{}
	}
	return json.Marshal(gojose.JSONWebKeySet{Keys: keys})
}

// Candidates returns the keys that may have signed a token of this header.
// With a kid only keys of that kid are tried; keys that share a kid are told
// apart by algorithm, type and curve (C4).
func (s KeySet) Candidates(h Header) []*gojose.JSONWebKey {
	var out []*gojose.JSONWebKey
	for i := range s.keys {
		k := &s.keys[i]
		if h.KeyID != "" && k.KeyID != h.KeyID {
			continue
		}
		if k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if Fits(k, h.Algorithm) {
			out = append(out, k)
		}
	}
	return out
}

// maxCandidates bounds the signature checks that one token can cause.
const maxCandidates = 4

// VerifyWith tries the candidates of the set and returns the payload and the
// key that verified.
func (t *Token) VerifyWith(set KeySet) ([]byte, *gojose.JSONWebKey, error) {
	candidates := set.Candidates(t.Header)
	if len(candidates) == 0 {
		return nil, nil, fmt.Errorf("%w: kid %q, alg %s", ErrNoKey, t.Header.KeyID, t.Header.Algorithm)
	}
	if len(candidates) > maxCandidates {
		return nil, nil, fmt.Errorf("%w: %d keys match, the token must name one by kid", ErrNoKey, len(candidates))
	}
	var last error
	for _, k := range candidates {
		payload, err := t.Verify(k)
		if err == nil {
			return payload, k, nil
		}
		last = err
	}
	return nil, nil, last
}

// Fits tells whether a key's type and curve can make signatures of alg.
func Fits(k *gojose.JSONWebKey, alg string) bool {
	switch pub := k.Key.(type) {
	case *ecdsa.PublicKey:
		return alg == "ES256" && pub.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return alg == "PS256" || alg == "RS256"
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// CheckPublic refuses a key that is private, symmetric, or smaller than SP
// 5.4.1 allows: RSA 2048 bits, EC 224 bits (C2; we know P-256 and up).
func CheckPublic(k *gojose.JSONWebKey) error {
	switch pub := k.Key.(type) {
	case *ecdsa.PublicKey:
		if pub.Curve.Params().BitSize < 224 {
			return errors.New("elliptic-curve key is smaller than 224 bits")
		}
	case *rsa.PublicKey:
		if pub.N.BitLen() < 2048 {
			return fmt.Errorf("RSA key has %d bits, at least 2048 are needed", pub.N.BitLen())
		}
	case ed25519.PublicKey:
	default:
		return errors.New("key is not a public key of type EC, RSA or OKP")
	}
	if !k.Valid() {
		return errors.New("key is not valid")
	}
	return nil
}

// Thumbprint is the base64url SHA-256 thumbprint of a key (RFC 7638), the
// value of cnf.jkt (RFC 9449 §6.1).
func Thumbprint(k *gojose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}
