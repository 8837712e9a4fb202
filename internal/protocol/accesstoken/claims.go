package accesstoken

import (
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
)

// Type is the typ header of an access token (RFC 9068 §2.1).
const Type = "at+jwt"

// maxBytes bounds a token in its compact form.
const maxBytes = 16 << 10

// Claims are the claims of an access token (RFC 9068 §2.2). A time is nil, and
// Confirmation is nil, when the token does not carry it.
type Claims struct {
	Issuer       string              `json:"iss"`
	Subject      string              `json:"sub"`
	Audience     jose.Audience       `json:"aud"`
	ClientID     string              `json:"client_id"`
	Scope        string              `json:"scope,omitempty"`
	ID           string              `json:"jti"`
	IssuedAt     *jose.NumericDate   `json:"iat,omitempty"`
	NotBefore    *jose.NumericDate   `json:"nbf,omitempty"`
	Expires      *jose.NumericDate   `json:"exp,omitempty"`
	Confirmation *confirmation.Claim `json:"cnf,omitempty"`
}

// Sign makes a token bound to what conf names, whatever c.Confirmation held
// (AS57). Only package grant calls it, for ids that it has stored.
func Sign(s *jose.Signer, c Claims, conf confirmation.Confirmation) (string, error) {
	cnf := conf.Claim()
	c.Confirmation = &cnf
	return s.Sign(Type, c)
}
