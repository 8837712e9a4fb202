package dpop

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// refuse makes the refusal of a proof that breaks RS7.
func refuse(sentence string) *oauth.Refusal {
	return oauth.Refuse("RS7", oauth.InvalidDPoPProof, sentence)
}

func oneHeader(s *state) error {
	switch len(s.req.Headers) {
	case 0:
		return refuse("The request has no DPoP header.").Because(ErrNoProof)
	case 1:
		s.header = s.req.Headers[0]
	default:
		return refuse("The request has more than one DPoP header.")
	}
	// A proxy may have joined two header fields with a comma (RFC 9110 §5.3);
	// a JWT holds none.
	if strings.IndexByte(s.header, ',') >= 0 {
		return refuse("The request has more than one DPoP header.")
	}
	if s.header == "" {
		return refuse("The DPoP header is empty.")
	}
	return nil
}

func wellFormed(s *state) (err error) {
	s.parsed, err = jose.Parse(s.header, algorithmNames, maxProofBytes)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jose.ErrTooLarge):
		return refuse("The DPoP proof is larger than 8 KiB.").Because(err)
	case errors.Is(err, jose.ErrAlgorithm):
		return refuse("The DPoP proof must be signed by ES256, PS256 or EdDSA.").Because(err)
	case errors.Is(err, jose.ErrCritical):
		return refuse("The DPoP proof must not have a crit or b64 header.").Because(err)
	}
	return refuse("The DPoP proof is not a well-formed JWT with a public key in its header.").Because(err)
}

// rightType compares exactly: the RFC gives one spelling (RFC 9449 §4.2).
func rightType(s *state) error {
	if s.parsed.Header.Type != Type {
		return refuse("The typ of the DPoP proof is not dpop+jwt.")
	}
	return nil
}

// rightKey is the one place in Gatehouse that lets a token bring its own key
// (C4). go-jose has refused private and symmetric keys at parsing already.
func rightKey(s *state) error {
	h := s.parsed.Header
	if h.JWK == nil {
		return refuse("The DPoP proof has no jwk header.")
	}
	if err := jose.CheckPublic(h.JWK); err != nil {
		return refuse("The key in the DPoP proof is not a public key of sufficient size.").Because(err)
	}
	if !jose.Fits(h.JWK, h.Algorithm) {
		return refuse("The key in the DPoP proof does not fit its algorithm.")
	}
	return nil
}

func signature(s *state) (err error) {
	if s.payload, err = s.parsed.Verify(s.parsed.Header.JWK); err != nil {
		return refuse("The signature of the DPoP proof does not verify.").Because(err)
	}
	return nil
}

func readClaims(s *state) error {
	if err := jose.Decode(s.payload, &s.claims); err != nil {
		return refuse("The claims of the DPoP proof cannot be read.").Because(err)
	}
	return nil
}

func identifier(s *state) error {
	switch n := len(s.claims.ID); {
	case n == 0:
		return refuse("The DPoP proof has no jti.")
	case n > maxJTIBytes:
		return refuse("The jti of the DPoP proof is longer than 256 bytes.").Because(fmt.Errorf("jti has %d bytes", n))
	}
	return nil
}

func method(s *state) error {
	if s.claims.Method == "" {
		return refuse("The DPoP proof has no htm.")
	}
	if s.claims.Method != s.req.Method {
		return refuse("The DPoP proof is for another method.")
	}
	return nil
}

func uri(s *state) error {
	if s.claims.URI == "" {
		return refuse("The DPoP proof has no htu.")
	}
	want, err := NormalizeURI(s.req.URI)
	if err != nil {
		return refuse("The DPoP proof is for another URI.").Because(fmt.Errorf("request: %w", err))
	}
	if s.claims.URI == want {
		return nil
	}
	got, err := NormalizeURI(s.claims.URI)
	if err != nil {
		return refuse("The htu of the DPoP proof is not an absolute URI.").Because(err)
	}
	if got != want {
		return refuse("The DPoP proof is for another URI.")
	}
	return nil
}

func hash(s *state) error {
	if s.token == &noToken {
		return nil
	}
	if s.claims.Hash == "" {
		return refuse("The DPoP proof has no ath.")
	}
	if s.claims.Hash != s.token.hash {
		return refuse("The DPoP proof is for another access token.")
	}
	return nil
}

func issuedAt(s *state) error {
	if s.claims.IssuedAt == nil {
		return refuse("The DPoP proof has no iat.")
	}
	age := s.now.Sub(s.claims.IssuedAt.Time())
	if age > s.maxAge {
		return oauth.Refuse("RS9", oauth.InvalidDPoPProof, "The DPoP proof is too old.").Because(fmt.Errorf("it is %s old", age))
	}
	if age < -Skew {
		return oauth.Refuse("RS9", oauth.InvalidDPoPProof, "The DPoP proof is from the future.").Because(fmt.Errorf("it is %s ahead", -age))
	}
	return nil
}

// tokenHash is the ath of an access token (RFC 9449 §4.2).
func tokenHash(accessToken string) string {
	sum := sha256.Sum256([]byte(accessToken))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
