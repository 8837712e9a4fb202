package token

import (
	"net/http"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/web"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

type step struct {
	name string
	ids  string
	do   func(*exchange) error
}

// steps is the token endpoint. Nothing above "redeem" changes anything.
var steps = []step{
	{"a form in a POST", "AS6 AS19 AS29", readForm},
	{"a grant type of the profile", "AS6", checkGrantType},
	{"the connection's certificate", "AS13", readCertificate},
	{"one way of authenticating", "AS7 AS8 AS11", readAuthentication},
	{"the client it claims to be", "AS12", findClient},
	{"proof of the client", "AS9 AS12 AS13", authenticate},
	{"a grant type of the client", "AS67", checkClientGrant},
	{"the DPoP proof, if one came", "AS62 AS63", verifyProof},
	{"what the token is bound to", "AS57 AS58 AS59 AS61", bind},
	{"one API that the client may reach", "AS71 AS72", chooseAudience},
	{"scopes of the API and of the client", "AS67 AS71", chooseScopes},
	{"an audit log that can be written", "RS25", checkAudit},
	{"redeem: spend and store", "AS9 RS10", redeem},
	{"sign what was stored", "AS69 AS70", mint},
	{"the decision in the audit log", "RS25", record},
	{"the answer", "AS64 AS66", answer},
}

// exchange is one request on its way through the steps.
type exchange struct {
	*Endpoint
	listener string
	url      string // of this endpoint on this listener
	w        http.ResponseWriter
	r        *http.Request
	begun    time.Time // for the latency alone
	now      time.Time
	trace    web.Trace

	form        oauth.Parameters
	certificate mtls.Certificate // zero when the connection has none
	presented   clientauth.Presented
	client      registry.Client // of a registered client, else of the decoy
	registered  bool
	who         clientauth.Authenticated
	proven      bool        // who is there
	proof       *dpop.Proof // nil when none came
	held        grant.Possession
	audience    string
	scopes      oauth.Scopes
	redeemed    grant.Redeemed
	token       string
}
