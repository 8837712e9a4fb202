package assertion

import (
	"errors"
	"time"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// maxBytes bounds an assertion in its compact form.
const maxBytes = 16 << 10

// Unverified is a well-formed assertion for which nobody vouches yet.
type Unverified struct{ token *jose.Token }

// Parse reads an assertion whose algorithm is one that the gateway signs with
// (C7). It checks no signature.
func Parse(raw string, algorithms []string) (*Unverified, error) {
	token, err := jose.Parse(raw, algorithms, maxBytes)
	if errors.Is(err, jose.ErrAlgorithm) {
		return nil, refuse("C7", "The gateway's assertion is signed by an algorithm that is not allowed.", err)
	}
	if err != nil {
		return nil, refuse("RS2", "The gateway's assertion is malformed.", err)
	}
	return &Unverified{token}, nil
}

// Header is what the assertion says of its key and algorithm.
func (u *Unverified) Header() jose.Header { return u.token.Header }

// Verify checks the signature by a key of the gateway's set.
func (u *Unverified) Verify(keys jose.KeySet) (Verified, error) {
	payload, key, err := u.token.VerifyWith(keys)
	if err != nil {
		return Verified{}, refuse("RS2", "The gateway's assertion has a signature that does not verify.", err)
	}
	v := &verified{typ: u.token.Header.Type}
	if err := jose.Decode(payload, &v.claims); err != nil {
		return Verified{}, refuse("RS2", "The gateway's assertion is malformed.", err)
	}
	if v.keyThumbprint, err = jose.Thumbprint(key); err != nil {
		return Verified{}, refuse("RS2", "The gateway's assertion is malformed.", err)
	}
	v.size = 2*len(payload) + 512
	return Verified{v}, nil
}

// Verified is an assertion whose signature holds; [Judge] says for which
// request it is good.
type Verified struct{ v *verified }

type verified struct {
	claims        claims
	typ           string
	keyThumbprint string
	size          int
}

// KeyThumbprint is the RFC 7638 thumbprint of the key that verified the
// signature: a cache entry dies with this key.
func (v Verified) KeyThumbprint() string { return v.v.keyThumbprint }

// Size tells how many bytes of memory the assertion holds, about.
func (v Verified) Size() int { return v.v.size }

// Verify is the whole check: [Parse], the signature, and [Judge].
func Verify(raw string, algorithms []string, keys jose.KeySet, e Expect, now time.Time) (Caller, error) {
	u, err := Parse(raw, algorithms)
	if err != nil {
		return Caller{}, err
	}
	v, err := u.Verify(keys)
	if err != nil {
		return Caller{}, err
	}
	return Judge(v, e, now)
}

func refuse(rule, sentence string, cause error) error {
	r := oauth.Refuse(rule, oauth.InvalidToken, sentence)
	if cause != nil {
		r = r.Because(cause)
	}
	return r
}
