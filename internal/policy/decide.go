package policy

import (
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// Facts are what the request shows.
type Facts struct {
	// Scheme by which the token was sent: [oauth.TokenTypeBearer] or
	// [oauth.TokenTypeDPoP].
	Scheme string
	Token  string       // the access token as it was sent, for ath
	Proof  dpop.Request // the request and its DPoP headers
	Peer   *mtls.Peer   // nil when the connection has none
}

// Rules are what is asked. Every field but CertificateBound is required.
type Rules struct {
	Token accesstoken.Expect // the issuer's terms
	Scope oauth.Scope
	// CertificateBound admits only a token that is bound to the connection's
	// certificate.
	CertificateBound bool
	Nonces           dpop.NonceRule
	ProofMaxAge      time.Duration
}

// Verdict is what was established on the way. After a refusal it holds what
// had been established before.
type Verdict struct {
	Certificate mtls.Certificate // the connection's; zero when it sent none
	Proof       dpop.Proof       // made only for a token bound to a DPoP key
	Method      string           // [confirmation.MethodKey] or [confirmation.MethodCertificate]
}

// decision is the state that the steps hand on.
type decision struct {
	facts  *Facts
	token  accesstoken.Verified
	claims *accesstoken.Claims
	rules  *Rules
	now    time.Time
	Verdict
}

type step struct {
	name  string
	ids   string
	check func(*decision) error
}

// steps is the order of the decision. Scope comes last: what a token may do
// is told only to the one who showed that it is theirs.
var steps = []step{
	{"there are rules", "RS25", rulesAreWhole},
	{"the connection's certificate still holds", "RS5", certificateHolds},
	{"the token is good here and now", "RS2 RS6", tokenIsGood},
	{"the token is bound to one thing", "RS4", boundToOne},
	{"the listener takes this kind of binding", "RS4", listenerTakesIt},
	{"the token came as its binding demands", "RS11", cameAsBound},
	{"the certificate is the token's", "RS4 RS5", certificateMatches},
	{"the proof is good for this request", "RS4 RS7 RS9 RS13", proofIsGood},
	{"the proof is by the token's key", "RS4 RS10b", proofMatches},
	{"the token has the scope", "RS3", scopeIsThere},
}

// Decide returns nil when the request is allowed, else an [oauth.Refusal] or,
// for rules that make no sense, a plain error, which denies as well.
func Decide(f *Facts, token accesstoken.Verified, r *Rules, now time.Time) (Verdict, error) {
	d := decision{facts: f, token: token, claims: token.Claims(), rules: r, now: now}
	for i := range steps {
		if err := steps[i].check(&d); err != nil {
			return d.Verdict, err
		}
	}
	return d.Verdict, nil
}

// hasScope finds a scope in a list that is separated by spaces.
func hasScope(list, scope string) bool {
	for list != "" {
		i := 0
		for i < len(list) && list[i] != ' ' {
			i++
		}
		if list[:i] == scope {
			return true
		}
		list = list[min(i+1, len(list)):]
	}
	return false
}

// bound returns the token's cnf, or an empty one.
func (d *decision) bound() confirmation.Claim {
	if d.claims.Confirmation == nil {
		return confirmation.Claim{}
	}
	return *d.claims.Confirmation
}
