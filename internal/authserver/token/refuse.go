package token

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

// refuse is the one way out of a request that was not granted: a count, a
// record, a line in the log, and the answer.
func (x *exchange) refuse(w http.ResponseWriter, r *http.Request, refusal *oauth.Refusal) {
	x.services.Metrics.count(x.issuer, refusal.Rule)
	entry := x.entry(audit.Deny, refusal.HTTPStatus())
	entry.Rule, entry.Reason = refusal.Rule, reason(refusal)
	if err := x.services.Audit.Submit(entry); err != nil {
		x.services.Logger.Error("a refused token request is not in the audit log", "trace_id", x.trace.ID(), "error", err)
	}
	x.log(refusal)
	switch {
	case refusal.Code == oauth.UseDPoPNonce:
		x.offerNonce(w)
	case refusal.Code == oauth.InvalidClient && usesBasic(r):
		// RFC 6749 §5.2: who tried the Authorization header is answered with
		// the scheme that it used.
		w.Header().Set("WWW-Authenticate", `Basic realm="token endpoint"`)
	}
	web.RenderOAuth(w, r, refusal)
}

func usesBasic(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Basic")
}

// entry is the record of this request as far as it came. It names a client only
// once that is proven, or anybody could fill the log with a partner's failures.
func (x *exchange) entry(verdict string, status int) audit.Record {
	e := audit.Record{
		Time: x.now, Event: "token", Verdict: verdict,
		Issuer:   x.issuer.URL,
		Listener: x.listener, Route: "/token", Method: knownMethod(x.r.Method),
		Source: source(x.r.RemoteAddr), TraceID: x.trace.ID(),
		Status: status, Latency: time.Since(x.begun),
	}
	if x.proven {
		e.Client = x.client.ID
	}
	if x.certificate.Present() {
		e.Certificate = x.certificate.Fingerprint()
	}
	return e
}

func knownMethod(method string) string {
	switch method {
	case http.MethodPost, http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func source(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

// reason is the operator's view of a refusal.
func reason(refusal *oauth.Refusal) string {
	if refusal.Cause == nil {
		return refusal.Description
	}
	return refusal.Description + " (" + refusal.Cause.Error() + ")"
}

// log tells the operator. What a client did wrong is in the audit log already,
// bounded in size; here it is for debugging only, or anybody could fill the log.
func (x *exchange) log(refusal *oauth.Refusal) {
	level := slog.LevelDebug
	attributes := []any{"issuer", x.issuer.URL, "rule", refusal.Rule, "code", string(refusal.Code), "reason", reason(refusal), "trace_id", x.trace.ID()}
	switch {
	case x.proven:
		attributes = append(attributes, "client", x.client.ID)
	case x.registered:
		attributes = append(attributes, "claimed_client", x.client.ID)
	}
	if refusal.HTTPStatus() >= http.StatusInternalServerError {
		level = slog.LevelError
		if panicked := (*web.Panic)(nil); errors.As(refusal, &panicked) {
			attributes = append(attributes, "stack", string(panicked.Stack))
		}
	}
	x.services.Logger.Log(x.r.Context(), level, "token request refused", attributes...)
}
