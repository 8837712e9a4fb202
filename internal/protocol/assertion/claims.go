package assertion

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
)

// Type is the typ header of a gateway's assertion.
const Type = "gateway-assertion+jwt"

// Header is the request header in which an upstream finds the assertion.
const Header = "Gatehouse-Assertion"

// Lifetime is how long an assertion is good for, and the longest that one may
// ever be.
const Lifetime = 60 * time.Second

// ReuseFor is how long the gateway may send one assertion again for the same
// caller, method and address. What is left of the lifetime then is the room
// for the two clocks to differ.
const ReuseFor = 30 * time.Second

// Caller is who calls, as the token said that the gateway judged. The zero
// Caller is nobody: the request needed no token.
type Caller struct {
	Issuer       string // iss of the token
	ClientID     string
	Subject      string
	Scope        string             // all scopes of the token, separated by spaces
	Confirmation confirmation.Claim // what the token is bound to
}

// Anonymous tells whether the caller is nobody.
func (c Caller) Anonymous() bool { return c == Caller{} }

// Call is the request that an assertion is good for.
type Call struct {
	Audience string // the upstream
	Method   string
	URI      string // the upstream's origin and the escaped path, without query
}

// claims are the payload. The caller's members are absent when it is nobody.
type claims struct {
	Issuer       string              `json:"iss"`
	Audience     jose.Audience       `json:"aud"`
	Method       string              `json:"htm"`
	URI          string              `json:"htu"`
	ID           string              `json:"jti"`
	IssuedAt     *jose.NumericDate   `json:"iat,omitempty"`
	Expires      *jose.NumericDate   `json:"exp,omitempty"`
	TokenIssuer  string              `json:"token_iss,omitempty"`
	Subject      string              `json:"sub,omitempty"`
	ClientID     string              `json:"client_id,omitempty"`
	Scope        string              `json:"scope,omitempty"`
	Confirmation *confirmation.Claim `json:"cnf,omitempty"`
}

// Sign makes the assertion of the gateway named issuer that caller makes call.
func Sign(s *jose.Signer, issuer string, caller Caller, call Call, now time.Time) (string, error) {
	if issuer == "" || call.Audience == "" || call.Method == "" || call.URI == "" {
		return "", errors.New("an assertion needs an issuer, an audience, a method and an address")
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	c := claims{
		Issuer:      issuer,
		Audience:    jose.OneAudience(call.Audience),
		Method:      call.Method,
		URI:         call.URI,
		ID:          hex.EncodeToString(id[:]),
		IssuedAt:    jose.DateOf(now),
		Expires:     jose.DateOf(now.Add(Lifetime)),
		TokenIssuer: caller.Issuer,
		Subject:     caller.Subject,
		ClientID:    caller.ClientID,
		Scope:       caller.Scope,
	}
	if !caller.Anonymous() {
		if !caller.whole() {
			return "", errIncomplete
		}
		c.Confirmation = &caller.Confirmation
	}
	return s.Sign(Type, c)
}

var errIncomplete = errors.New("the caller is neither whole nor nobody")

// whole tells whether a caller has a name, the issuer that gave it and a
// binding that shows it.
func (c Caller) whole() bool {
	_, err := c.Confirmation.Method()
	return c.Issuer != "" && c.ClientID != "" && c.Subject != "" && err == nil
}
