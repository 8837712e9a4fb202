package resource

import (
	"time"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/mtls"
)

// Decision is the outcome for one request. Its fields are what was verified;
// after a refusal those not reached are empty.
type Decision struct {
	Issuer   string    // iss
	ClientID string    // client_id
	Subject  string    // sub; the client itself for a machine
	TokenID  string    // jti
	Scope    string    // the token's scopes, separated by spaces
	Expires  time.Time // exp

	// One of the two is set: what the token is bound to (RFC 7800 §3.1).
	JKT string // thumbprint of the DPoP key (RFC 9449 §6.1)
	X5T string // thumbprint of the certificate (RFC 8705 §3.1)

	// Certificate is the connection's; zero when it sent none.
	Certificate mtls.Certificate

	nonce     string // a fresh DPoP-Nonce for the client
	challenge challenge
}

// read takes over what a token says whose signature holds.
func (d *Decision) read(c *accesstoken.Claims) {
	d.Issuer, d.ClientID, d.Subject, d.TokenID, d.Scope = c.Issuer, c.ClientID, c.Subject, c.ID, c.Scope
	if c.Expires != nil {
		d.Expires = c.Expires.Time()
	}
	if c.Confirmation != nil {
		d.JKT, d.X5T = c.Confirmation.JKT, c.Confirmation.X5T
	}
}
