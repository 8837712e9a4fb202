package token

import (
	"context"
	"net/http"
	"time"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

// storeWithin is how long a store or the audit log may take.
const storeWithin = 10 * time.Second

// toTheEnd is a context in which what was begun is finished although the
// client has gone: an assertion that is spent should have its token stored.
func (x *exchange) toTheEnd() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(x.r.Context()), storeWithin)
}

// checkAudit refuses before anything is spent when the decision could not be
// recorded.
func checkAudit(x *exchange) error {
	if err := x.services.Audit.Healthy(); err != nil {
		return refuseUnrecorded(err)
	}
	return nil
}

func refuseUnrecorded(cause error) error {
	return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, "The server cannot record its decisions at the moment.").Because(cause)
}

func redeem(x *exchange) (err error) {
	ctx, cancel := x.toTheEnd()
	defer cancel()
	x.redeemed, err = grant.RedeemMachine(ctx, x.services.Grants, x.services.Replay, x.who, grant.Machine{
		Issuer:   x.issuer.URL,
		Audience: x.audience,
		Scopes:   x.scopes,
		Lifetime: x.issuer.Lifetime,
	}, x.held, x.now)
	return err
}

func mint(x *exchange) (err error) {
	x.token, err = x.redeemed.Mint(x.issuer.Ring.Signer(), x.held.Confirmation())
	return err
}

// record puts the decision on disk before the token leaves.
func record(x *exchange) error {
	ctx, cancel := x.toTheEnd()
	defer cancel()
	entry := x.entry(audit.Allow, http.StatusOK)
	entry.Subject, entry.TokenID = x.redeemed.Issued().Subject, x.redeemed.Issued().TokenID
	if err := x.services.Audit.Commit(ctx, entry); err != nil {
		return refuseUnrecorded(err)
	}
	return nil
}

func answer(x *exchange) error {
	if x.proof != nil && (x.issuer.NonceRequired || x.proof.Nonce() != "") {
		x.offerNonce(x.w)
	}
	x.services.Metrics.count(x.issuer, outcomeIssued)
	return web.WriteJSON(x.w, http.StatusOK, oauth.TokenResponse{
		AccessToken: x.token,
		TokenType:   x.held.Confirmation().TokenType(),
		ExpiresIn:   int64(x.issuer.Lifetime / time.Second),
		Scope:       x.scopes.String(),
	})
}

// offerNonce gives the client the nonce for its next proof (RFC 9449 §8.2).
func (x *exchange) offerNonce(w http.ResponseWriter) {
	w.Header().Set("DPoP-Nonce", x.issuer.Nonces.Issue(x.now))
}
