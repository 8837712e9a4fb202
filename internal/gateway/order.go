package gateway

import (
	"errors"
	"net/http"
	"time"

	"gatehouse.example/internal/gateway/proxy"
	"gatehouse.example/internal/gateway/route"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/web"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// call is one request on its way through the gateway.
type call struct {
	l     *listener
	w     http.ResponseWriter
	r     *http.Request
	path  string // escaped, as the client sent it
	began time.Time
	now   time.Time
	trace web.Trace
	from  string // the address that the connection came from

	route     *served
	judged    bool // the caller was judged, so that the decision has challenges to give
	decision  resource.Decision
	assertion string
}

type step struct {
	name string
	ids  string
	do   func(*call) error
}

// steps is everything that happens to a request before it goes to the upstream.
var steps = []step{
	{"the path has one reading, and a route for the method", "RS25", findRoute},
	{"it asks for no upgrade", "RS25", noUpgrade},
	{"its body is within the limit", "RS25", bodyFits},
	{"the caller may do this", "RS1 RS2 RS3 RS4 RS5 RS6 RS7 RS9 RS10 RS11 RS18", admit},
	{"there is a word for the upstream about who calls", "RS20", assert},
	{"the decision is recorded", "RS25", record},
}

func (l *listener) serve(w http.ResponseWriter, r *http.Request) {
	l.setHeaders(w.Header())
	if r.URL.Path == KeysPath && r.URL.RawPath == "" {
		l.g.serveKeys(w, r)
		return
	}
	c := &call{l: l, w: w, r: r, path: r.URL.EscapedPath(), began: time.Now(), now: l.g.clock(), trace: web.StartTrace(r), from: sourceOf(r)}
	for i := range steps {
		if err := steps[i].do(c); err != nil {
			c.deny(err)
			return
		}
	}
	c.forward()
}

// setHeaders puts on what every answer has (N7).
func (l *listener) setHeaders(h http.Header) {
	if l.hsts != nil {
		h["Strict-Transport-Security"] = l.hsts
	}
}

func findRoute(c *call) (err error) {
	var allow string
	c.route, allow, err = c.l.g.routes.Find(c.r.Method, c.path)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, route.ErrPath):
		return refuse(http.StatusBadRequest, "The path of the request has more than one reading.").Because(err)
	case errors.Is(err, route.ErrMethod):
		c.w.Header().Set("Allow", allow)
		return refuseMethod()
	}
	return refuse(http.StatusNotFound, "There is nothing at this path.").Because(err)
}

func noUpgrade(c *call) error {
	if c.r.Header["Upgrade"] != nil || c.r.Method == http.MethodConnect {
		return refuse(http.StatusNotImplemented, "The gateway does not upgrade connections to another protocol.")
	}
	return nil
}

// bodyFits refuses at once what says its length; the rest is counted on its way.
func bodyFits(c *call) error {
	if c.r.ContentLength > c.route.upstream.MaxBody() {
		return proxy.TooLarge()
	}
	return nil
}

func admit(c *call) (err error) {
	c.judged = true
	if c.route.UnsafePublic != "" {
		return c.admitAnybody()
	}
	need := c.route.need
	need.CertificateBound = c.l.AnyCertificate
	c.decision, err = c.l.g.verifier.Decide(c.r.Context(), resource.FactsOf(c.r, c.l.Origin), need)
	return err
}

// admitAnybody asks for no token, yet for a certificate that still holds where
// the listener demands one (RS5).
func (c *call) admitAnybody() (err error) {
	if peer := mtls.PeerFrom(c.r.Context()); peer != nil {
		c.decision.Certificate, err = peer.Certificate(c.now)
	}
	return err
}

func assert(c *call) (err error) {
	d := &c.decision
	c.assertion, err = c.route.upstream.Assert(assertion.Caller{
		Issuer:       d.Issuer,
		ClientID:     d.ClientID,
		Subject:      d.Subject,
		Scope:        d.Scope,
		Confirmation: confirmation.Claim{JKT: d.JKT, X5T: d.X5T},
	}, c.r.Method, c.path, c.now)
	return err
}

// forward goes to the upstream with a request that passed every step.
func (c *call) forward() {
	counted := &c.l.counted[c.route.index]
	counted.allowed.Inc()
	c.route.upstream.Forward(c.w, c.r, proxy.Pass{
		Assertion:   c.assertion,
		Certificate: c.decision.Certificate,
		Bound:       c.decision.X5T != "",
		Host:        c.l.host,
		Source:      c.from,
		Trace:       c.trace,
		Answer:      c.answer,
		Failed:      c.failed,
	})
	counted.seconds.Observe(time.Since(c.began).Seconds())
}

// answer puts the gateway's own headers on the upstream's answer.
func (c *call) answer(h http.Header) {
	c.l.setHeaders(h)
	c.decision.SetHeaders(h)
}

// refuse makes a refusal for a reason that OAuth has no word for: nothing that
// is configured admits the request, and a missing policy denies (RS25).
func refuse(status int, sentence string) *oauth.Refusal {
	return oauth.Refuse("RS25", oauth.InvalidRequest, sentence).WithStatus(status)
}

func refuseMethod() *oauth.Refusal {
	return refuse(http.StatusMethodNotAllowed, "The method is not allowed at this path.")
}
