package dpop

import (
	"errors"
	"fmt"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

// ErrNoProof is the cause of the refusal when a request has no DPoP header.
var ErrNoProof = errors.New("the request has no DPoP header")

// Request is the HTTP request that a proof must be made for.
type Request struct {
	Method  string   // as sent; methods are case-sensitive (RFC 9110 §9.1)
	URI     string   // absolute, from configured origins and never from a header (RS18)
	Headers []string // the value of every DPoP header field of the request
}

// Token says which access token a proof must name in ath. The zero value
// panics in [Verify].
type Token struct{ t *token }

type token struct{ hash string }

// noToken is what NoToken gives: nothing to compare ath with.
var noToken = token{}

// WithToken demands that the proof's ath is the hash of the access token that
// came with the request (RFC 9449 §4.3).
func WithToken(accessToken string) Token { return Token{&token{hash: tokenHash(accessToken)}} }

// NoToken is for requests that bring no access token, such as those to the
// token endpoint. An ath is then ignored.
func NoToken() Token { return Token{&noToken} }

// claims are the claims of a proof (RFC 9449 §4.2). Others are ignored (RS8).
type claims struct {
	ID       string            `json:"jti"`
	Method   string            `json:"htm"`
	URI      string            `json:"htu"`
	IssuedAt *jose.NumericDate `json:"iat"`
	Hash     string            `json:"ath,omitempty"`
	Nonce    string            `json:"nonce,omitempty"`
}

// state is what the steps hand from one to the next.
type state struct {
	req    Request
	token  *token
	nonces *nonceRule
	maxAge time.Duration
	now    time.Time

	header  string      // the one DPoP header
	parsed  *jose.Token // its JWS, signature not checked
	payload []byte      // what the signature vouches for
	claims  claims
}

type step struct {
	name string
	ids  string
	do   func(*state) error
}

// steps is RFC 9449 §4.3 in the order in which we follow it. The nonce comes
// last, so that a client told to use one will succeed with it.
var steps = []step{
	{"exactly one DPoP header", "RS7 AS62", oneHeader},
	{"a compact JWS by an allowed algorithm", "RS7 C1 AS62", wellFormed},
	{"typ is dpop+jwt", "RS7", rightType},
	{"a public key that can make this signature", "RS7 C2 C4", rightKey},
	{"the signature is by that key", "RS7", signature},
	{"the claims can be read", "RS7", readClaims},
	{"jti is there and short", "RS7", identifier},
	{"htm is the method", "RS7", method},
	{"htu is the URI", "RS7", uri},
	{"ath is the token's hash", "RS7", hash},
	{"iat is within the window", "RS9", issuedAt},
	{"the nonce is ours and fresh", "RS10 RS13 AS63", nonce},
}

// Verify checks the proof of a request (RFC 9449 §4.3): its form, its key and
// signature, that it is for this method, URI and token, not older than maxAge
// nor more than [Skew] ahead of now, and the server's nonce where the rule
// demands one. maxAge is at most [LongestMaxAge].
//
// The error is an *oauth.Refusal: invalid_dpop_proof under rule RS7 or RS9,
// or use_dpop_nonce under RS13. A maxAge outside its bounds is a plain error.
// Verify panics when token or nonces is a zero value.
func Verify(req Request, token Token, nonces NonceRule, maxAge time.Duration, now time.Time) (Proof, error) {
	_, _ = token.t.hash, nonces.r.nonces // zero values panic here, not only in the step that needs them
	if maxAge <= 0 || maxAge > LongestMaxAge {
		return Proof{}, fmt.Errorf("maximum age of a DPoP proof is %s, it must be above 0 and at most %s", maxAge, LongestMaxAge)
	}
	s := &state{req: req, token: token.t, nonces: nonces.r, maxAge: maxAge, now: now}
	for i := range steps {
		if err := steps[i].do(s); err != nil {
			return Proof{}, err
		}
	}
	thumbprint, err := jose.Thumbprint(s.parsed.Header.JWK)
	if err != nil {
		return Proof{}, refuse("The key in the DPoP proof has no thumbprint.").Because(err)
	}
	issued := s.claims.IssuedAt.Time()
	return Proof{&proof{
		thumbprint: thumbprint,
		jti:        s.claims.ID,
		nonce:      s.claims.Nonce,
		issuedAt:   issued,
		spendUntil: issued.Add(maxAge + Skew),
	}}, nil
}
