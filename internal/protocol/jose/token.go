package jose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// The reasons why a JWT cannot be read. They are wrapped with detail.
var (
	ErrTooLarge  = errors.New("token is larger than allowed")
	ErrMalformed = errors.New("token is not a compact JWS with a JSON header and payload")
	ErrJSON      = errors.New("not a JSON object of the form that is expected")
	ErrAlgorithm = errors.New("token is signed by an algorithm that is not allowed here")
	ErrCritical  = errors.New("token has a crit or b64 header, which no token of ours needs")
	ErrSignature = errors.New("signature does not verify")
)

// Token is a parsed JWS whose signature has not been checked.
type Token struct {
	Header Header
	jws    *gojose.JSONWebSignature
}

// Header is what the protected header of a token claims (RFC 7515 §4).
type Header struct {
	Algorithm string
	Type      string             // typ; "" when absent
	KeyID     string             // kid; "" when absent
	JWK       *gojose.JSONWebKey // jwk; only a DPoP proof may use it (C4)
}

// Parse reads a compact JWS of at most maxBytes whose algorithm is in allowed.
// It checks no signature.
func Parse(compact string, allowed []string, maxBytes int) (*Token, error) {
	if len(compact) > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(compact), maxBytes)
	}
	if strings.ContainsAny(compact, "\r\n") {
		// Go's base64 passes over line breaks, and RFC 7515 §2 has none: one
		// token would have many spellings.
		return nil, fmt.Errorf("%w: it has a line break", ErrMalformed)
	}
	jws, err := gojose.ParseSignedCompact(compact, algorithms(allowed))
	if err != nil {
		var unexpected *gojose.ErrUnexpectedSignatureAlgorithm
		if errors.As(err, &unexpected) {
			return nil, fmt.Errorf("%w: %q", ErrAlgorithm, unexpected.Got)
		}
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// ParseSignedCompact gives exactly one signature, whose header is all protected.
	h := jws.Signatures[0].Protected
	if !slices.Contains(allowed, h.Algorithm) {
		return nil, fmt.Errorf("%w: %q", ErrAlgorithm, h.Algorithm)
	}
	for _, name := range []gojose.HeaderKey{"crit", "b64"} {
		if _, ok := h.ExtraHeaders[name]; ok {
			return nil, ErrCritical
		}
	}
	t := &Token{jws: jws, Header: Header{Algorithm: h.Algorithm, KeyID: h.KeyID, JWK: h.JSONWebKey}}
	if typ, ok := h.ExtraHeaders["typ"]; ok {
		if t.Header.Type, ok = typ.(string); !ok {
			return nil, fmt.Errorf("%w: typ is not a string", ErrMalformed)
		}
	}
	return t, nil
}

// UnverifiedPayload returns bytes that nobody vouches for. They may choose
// which key to try, and nothing else.
func (t *Token) UnverifiedPayload() []byte { return t.jws.UnsafePayloadWithoutVerification() }

// Verify checks the signature with one public key and returns the payload.
func (t *Token) Verify(key *gojose.JSONWebKey) ([]byte, error) {
	payload, err := t.jws.Verify(key.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return payload, nil
}

// Decode reads a JSON object into claims: case-sensitive, and refusing
// duplicate members. Unknown members are ignored (RS8).
func Decode(payload []byte, claims any) error {
	if err := json.Unmarshal(payload, claims); err != nil {
		return fmt.Errorf("%w: %w", ErrJSON, err)
	}
	return nil
}

func algorithms(names []string) []gojose.SignatureAlgorithm {
	out := make([]gojose.SignatureAlgorithm, len(names))
	for i, n := range names {
		out[i] = gojose.SignatureAlgorithm(n)
	}
	return out
}
