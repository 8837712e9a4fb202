package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"io"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/go-jose/go-jose/v4/json"
)

// Signer signs JWTs with one key. It is safe for concurrent use.
type Signer struct {
	key    crypto.Signer
	public gojose.JSONWebKey
}

// NewSigner makes a signer. The algorithm follows from the key: ES256 for
// P-256, EdDSA for Ed25519, PS256 for RSA of at least 2048 bits (C1, C2). An
// empty kid becomes the key's RFC 7638 thumbprint.
func NewSigner(key crypto.Signer, kid string) (*Signer, error) {
	public := gojose.JSONWebKey{Key: key.Public(), Use: "sig", KeyID: kid}
	for _, alg := range []string{"ES256", "EdDSA", "PS256"} {
		if Fits(&public, alg) {
			public.Algorithm = alg
		}
	}
	if public.Algorithm == "" {
		return nil, fmt.Errorf("key of type %T cannot sign by ES256, EdDSA or PS256", key.Public())
	}
	if err := CheckPublic(&public); err != nil {
		return nil, err
	}
	if kid == "" {
		thumbprint, err := Thumbprint(&public)
		if err != nil {
			return nil, err
		}
		public.KeyID = thumbprint
	}
	return &Signer{key: key, public: public}, nil
}

// Public returns the public key with kid, alg and use.
func (s *Signer) Public() gojose.JSONWebKey { return s.public }

// Algorithm is the JWS algorithm by which this signer signs.
func (s *Signer) Algorithm() string { return s.public.Algorithm }

// Sign writes claims as a compact JWS with the given typ and our kid.
func (s *Signer) Sign(typ string, claims any) (string, error) {
	return s.sign(claims, (&gojose.SignerOptions{}).WithType(gojose.ContentType(typ)).WithHeader("kid", s.public.KeyID))
}

// SignEmbedding writes claims as a compact JWS whose header carries the public
// key itself instead of a kid: the form of a DPoP proof (RFC 9449 §4.2).
func (s *Signer) SignEmbedding(typ string, claims any) (string, error) {
	bare := gojose.JSONWebKey{Key: s.public.Key}
	return s.sign(claims, (&gojose.SignerOptions{}).WithType(gojose.ContentType(typ)).WithHeader("jwk", bare))
}

func (s *Signer) sign(claims any, opts *gojose.SignerOptions) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	key := gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(s.public.Algorithm), Key: s.material()}
	signer, err := gojose.NewSigner(key, opts)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// material is what go-jose signs with: a software key as it is, any other
// crypto.Signer behind go-jose's adapter.
func (s *Signer) material() any {
	switch s.key.(type) {
	case *ecdsa.PrivateKey, ed25519.PrivateKey, *rsa.PrivateKey:
		return s.key
	}
	return cryptosigner.Opaque(fixedSalt{s.key})
}

// fixedSalt makes PS256 signatures with a salt as long as the hash (RFC 7518
// §3.5); go-jose's adapter asks for the longest salt, which others reject.
type fixedSalt struct{ crypto.Signer }

func (f fixedSalt) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: pss.HashFunc()}
	}
	return f.Signer.Sign(rand, digest, opts)
}
