package accesstoken

import (
	"errors"
	"slices"

	"github.com/go-jose/go-jose/v4/json"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// parseable are the algorithms of any token that some issuer could be
// configured for (C1). Which of them counts is said to [Unverified.Verify];
// none and HS256 are in no list at all.
var parseable = []string{"ES256", "PS256", "EdDSA", "RS256"}

// The parts of checking that come before [Judge], named as its steps are.
const (
	ruleToken     = "RS6" // form, algorithm, claims
	ruleIntegrity = "RS2" // signature
)

// Unverified is a well-formed token for which nobody vouches yet.
type Unverified struct {
	token  *jose.Token
	issuer string
}

// Parse reads a token of at most 16 KiB in compact form and refuses an
// algorithm that no issuer may use (RS6). It checks no signature.
func Parse(raw string) (*Unverified, error) {
	token, err := jose.Parse(raw, parseable, maxBytes)
	if err != nil {
		return nil, refuseForm(err)
	}
	var payload struct {
		Issuer string `json:"iss"`
	}
	if err := jose.Decode(token.UnverifiedPayload(), &payload); err != nil {
		return nil, refuseForm(err)
	}
	return &Unverified{token: token, issuer: payload.Issuer}, nil
}

func refuseForm(err error) error {
	switch {
	case errors.Is(err, jose.ErrAlgorithm):
		return refuseAlgorithm(err)
	case errors.Is(err, jose.ErrTooLarge):
		return oauth.Refuse(ruleToken, oauth.InvalidToken, "The access token is too large.").Because(err)
	}
	return oauth.Refuse(ruleToken, oauth.InvalidToken, "The access token is malformed.").Because(err)
}

func refuseAlgorithm(cause error) error {
	return oauth.Refuse(ruleToken, oauth.InvalidToken, "The access token is signed by an algorithm that is not allowed.").Because(cause)
}

// Issuer is what the token says of its issuer. It may choose among configured
// issuers and nothing else.
func (u *Unverified) Issuer() string { return u.issuer }

// Header is what the token says of its key and algorithm.
func (u *Unverified) Header() jose.Header { return u.token.Header }

// Verify checks the signature by a key of the issuer's set, with the
// algorithm pinned to the issuer's list (C7). The error wraps [jose.ErrNoKey]
// when the set has no key of that kid and algorithm, so that the caller may
// ask the issuer for newer keys.
func (u *Unverified) Verify(algs []string, set jose.KeySet) (Verified, error) {
	if !slices.Contains(algs, u.token.Header.Algorithm) {
		return Verified{}, refuseAlgorithm(jose.ErrAlgorithm)
	}
	payload, key, err := u.token.VerifyWith(set)
	if err != nil {
		return Verified{}, oauth.Refuse(ruleIntegrity, oauth.InvalidToken, "The access token's signature does not verify.").Because(err)
	}
	v := &verified{keyID: u.token.Header.KeyID, typ: u.token.Header.Type, payload: payload}
	if err := jose.Decode(payload, &v.claims); err != nil {
		return Verified{}, refuseForm(err)
	}
	if v.keyThumbprint, err = jose.Thumbprint(key); err != nil {
		return Verified{}, refuseForm(err)
	}
	return Verified{v}, nil
}

// Verified is a token whose signature holds. It is not yet a good token:
// [Judge] decides that, on every request.
type Verified struct{ v *verified }

type verified struct {
	claims        Claims
	keyID         string
	keyThumbprint string
	typ           string
	payload       []byte
}

// Claims returns the signed claims. The caller must not change them.
func (v Verified) Claims() *Claims { return &v.v.claims }

// KeyID is the kid of the token's header; "" when it has none.
func (v Verified) KeyID() string { return v.v.keyID }

// KeyThumbprint is the RFC 7638 thumbprint of the key that verified the
// signature: a cache entry dies with this key.
func (v Verified) KeyThumbprint() string { return v.v.keyThumbprint }

// Type is the typ header.
func (v Verified) Type() string { return v.v.typ }

// Size tells how many bytes of memory the token holds, about, for a cache
// that is bounded in bytes.
func (v Verified) Size() int { return 2*len(v.v.payload) + 512 }

// textClaim reads a claim that is a string; false when it is absent or of
// another type.
func (v Verified) textClaim(name string) (string, bool) {
	var members map[string]json.RawMessage
	if err := jose.Decode(v.v.payload, &members); err != nil {
		return "", false
	}
	var text *string
	if err := jose.Decode(members[name], &text); err != nil || text == nil {
		return "", false
	}
	return *text, true
}
