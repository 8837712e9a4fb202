package fapiclient

import (
	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/jose"
)

// ownJWT is what may be told of an assertion or a proof that we made.
type ownJWT struct {
	alg string
	jkt string // of the embedded key, "" without one

	Issuer   string            `json:"iss"`
	Audience jose.Audience     `json:"aud"`
	ID       string            `json:"jti"`
	Expires  *jose.NumericDate `json:"exp"`
	IssuedAt *jose.NumericDate `json:"iat"`
	Method   string            `json:"htm"`
	URI      string            `json:"htu"`
	Nonce    string            `json:"nonce"`
}

// readJWT reads a JWT of our own making, for showing. It judges nothing.
func readJWT(compact string) ownJWT {
	var j ownJWT
	t, err := jose.Parse(compact, dpop.Algorithms(), 16<<10)
	if err != nil {
		return j
	}
	_ = jose.Decode(t.UnverifiedPayload(), &j)
	j.alg = t.Header.Algorithm
	if t.Header.JWK != nil {
		j.jkt, _ = jose.Thumbprint(t.Header.JWK)
	}
	return j
}
