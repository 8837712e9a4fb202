package gateway

import (
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/gateway/proxy"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// record writes down that the request is allowed, before it goes anywhere. If
// that cannot be done, the route says what happens (RS25).
func record(c *call) error {
	entry := c.entry(audit.Allow)
	if c.route.UnsafePublic != "" {
		entry.Reason = "public route"
	}
	err := c.l.g.audit.Submit(entry)
	if err == nil {
		return nil
	}
	c.l.counted[c.route.index].unrecorded.Inc()
	if c.route.OnAuditFailure == ContinueUnrecorded {
		c.l.g.logger.Error("a request went on without an audit record", "rule", "RS25",
			"route", c.route.Path, "listener", c.l.Name, "trace_id", entry.TraceID, "error", err)
		return nil
	}
	return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, "The gateway cannot record its decision at the moment.").Because(err)
}

// deny records and answers a refusal.
func (c *call) deny(err error) {
	r := oauth.AsRefusal(err)
	entry := c.entry(audit.Deny)
	entry.Status = resource.StatusOf(r)
	entry.Rule = r.Rule
	entry.Reason = reason(r)
	c.l.g.submitDenial(entry)
	c.l.g.metrics.denied(c.l.Name, entry.Route, r.Rule)
	if c.judged {
		c.decision.Refuse(c.w, r)
	} else {
		resource.WriteRefusal(c.w, r)
	}
}

// submitDenial records a denial. That it cannot be recorded changes nothing
// for the client: it is denied.
func (g *Gateway) submitDenial(entry audit.Record) {
	if err := g.audit.Submit(entry); err != nil {
		g.logger.Error("a denial went without an audit record", "rule", entry.Rule, "route", entry.Route, "trace_id", entry.TraceID, "error", err)
	}
}

// entry is what is known of the request so far.
func (c *call) entry(verdict string) audit.Record {
	d := &c.decision
	entry := audit.Record{
		Time:        c.now,
		Event:       "api",
		Verdict:     verdict,
		Issuer:      d.Issuer,
		Client:      d.ClientID,
		Subject:     d.Subject,
		Certificate: c.fingerprint(),
		TokenID:     d.TokenID,
		Listener:    c.l.Name,
		Method:      c.r.Method,
		Source:      c.from,
		TraceID:     c.trace.ID(),
		Latency:     time.Since(c.began),
	}
	if c.route != nil {
		entry.Route = c.route.Path
	}
	return entry
}

// fingerprint names the connection's certificate, also when the request was
// refused before anybody asked for it.
func (c *call) fingerprint() string {
	certificate := c.decision.Certificate
	if peer := mtls.PeerFrom(c.r.Context()); peer != nil && !certificate.Present() {
		certificate, _ = peer.Certificate(c.now)
	}
	if !certificate.Present() {
		return ""
	}
	return certificate.Fingerprint()
}

func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// reason is the operator's view of a refusal.
func reason(r *oauth.Refusal) string {
	if r.Cause == nil {
		return r.Description
	}
	return r.Description + " (" + r.Cause.Error() + ")"
}

// failed answers for an upstream that did not. The decision was recorded; this
// is no decision, so it is counted and logged.
func (c *call) failed(w http.ResponseWriter, f proxy.Failure) {
	name := c.route.upstream.Name()
	c.l.g.metrics.upstreamErrors.WithLabelValues(name, f.Reason).Inc()
	if w == nil {
		return
	}
	c.l.g.logger.Warn("no answer from the upstream", "upstream", name, "reason", f.Reason,
		"route", c.route.Path, "trace_id", c.trace.ID(), "error", f.Refusal.Cause)
	resource.WriteRefusal(w, f.Refusal)
}

// panicked denies a request in which something of ours broke (RS25).
func (l *listener) panicked(w http.ResponseWriter, r *http.Request, cause any) {
	l.g.logger.Error("a request was denied by a panic", "rule", "RS25", "listener", l.Name, "panic", cause, "stack", string(debug.Stack()))
	l.g.submitDenial(audit.Record{
		Time: l.g.clock(), Event: "api", Verdict: audit.Deny, Rule: "RS25", Reason: "panic",
		Listener: l.Name, Method: r.Method, Source: sourceOf(r), Status: http.StatusInternalServerError,
	})
	l.g.metrics.denied(l.Name, "", "RS25")
	if r.ProtoMajor == 1 { // what is left of its body must not pass for the next request
		w.Header().Set("Connection", "close")
	}
	resource.WriteRefusal(w, oauth.Refuse("RS25", oauth.ServerError, "The gateway could not complete the request."))
}
