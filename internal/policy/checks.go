package policy

import (
	"errors"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/oauth"
)

func refuse(rule, sentence string) *oauth.Refusal {
	return oauth.Refuse(rule, oauth.InvalidToken, sentence)
}

func rulesAreWhole(d *decision) error {
	if d.rules == nil || d.rules.Scope == "" || d.rules.Token.Issuer == "" || d.rules.Token.Audience == "" {
		return oauth.Refuse("RS25", oauth.ServerError, "The server has no rule for this request.").
			Because(errors.New("the requirement is empty: a missing policy denies"))
	}
	return nil
}

// certificateHolds asks on every request: a connection may outlive its
// certificate, and the bundle may have changed since the handshake.
func certificateHolds(d *decision) error {
	if d.facts.Peer == nil {
		return nil
	}
	certificate, err := d.facts.Peer.Certificate(d.now)
	if err != nil {
		return err
	}
	d.Certificate = certificate
	return nil
}

func tokenIsGood(d *decision) error {
	return accesstoken.Judge(d.token, d.rules.Token, d.now)
}

func boundToOne(d *decision) error {
	method, err := d.bound().Method()
	if err != nil {
		return refuse("RS4", "The access token is not bound to exactly one key or certificate.").Because(err)
	}
	d.Method = method
	return nil
}

func listenerTakesIt(d *decision) error {
	if d.rules.CertificateBound && d.Method != confirmation.MethodCertificate {
		return refuse("RS4", "Only an access token that is bound to the client certificate is accepted here.")
	}
	return nil
}

// cameAsBound is RFC 9449 §7.2: a DPoP-bound token sent as a bearer token is
// refused. The other way round is refused as well, for a certificate-bound
// token has the type Bearer (RFC 8705 §3).
func cameAsBound(d *decision) error {
	switch {
	case d.Method == confirmation.MethodKey && d.facts.Scheme != oauth.TokenTypeDPoP:
		return refuse("RS11", "The access token is bound to a DPoP key and was sent as a bearer token.")
	case d.Method == confirmation.MethodCertificate && d.facts.Scheme != oauth.TokenTypeBearer:
		return refuse("RS11", "The access token is bound to a certificate and was sent with the DPoP scheme.")
	}
	return nil
}

func certificateMatches(d *decision) error {
	if d.Method != confirmation.MethodCertificate {
		return nil
	}
	if !d.Certificate.Present() {
		return refuse("RS5", "The access token is bound to a certificate and the connection has none.")
	}
	if !d.bound().MatchesCertificate(d.Certificate) {
		return refuse("RS5", "The access token is bound to another certificate.")
	}
	return nil
}

func proofIsGood(d *decision) (err error) {
	if d.Method != confirmation.MethodKey {
		return nil
	}
	d.Proof, err = dpop.Verify(d.facts.Proof, dpop.WithToken(d.facts.Token), d.rules.Nonces, d.rules.ProofMaxAge, d.now)
	return err
}

func proofMatches(d *decision) error {
	if d.Method == confirmation.MethodKey && !d.bound().MatchesProof(d.Proof) {
		return refuse("RS10b", "The access token is bound to another DPoP key.")
	}
	return nil
}

func scopeIsThere(d *decision) error {
	if !hasScope(d.claims.Scope, string(d.rules.Scope)) {
		return oauth.Refuse("RS3", oauth.InsufficientScope, "The access token does not have the scope that this request needs.")
	}
	return nil
}
