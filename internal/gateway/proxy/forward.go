package proxy

import (
	"errors"
	"net/http"
	"net/http/httputil"

	"gatehouse.example/internal/web"
	"gatehouse.example/mtls"
)

// Pass is what goes with an admitted request, and what comes of it.
type Pass struct {
	Assertion string // from [Upstream.Assert]
	// Certificate is the connection's; zero when it sent none. The upstream
	// hears of it only if it is verified, or if the token is bound to it.
	Certificate mtls.Certificate
	Bound       bool   // the token is bound to Certificate
	Host        string // host, and port, of the listener's origin
	Source      string // the address that the connection came from
	Trace       web.Trace

	// Answer sets the gateway's own headers on the answer. It may be called
	// more than once.
	Answer func(http.Header)
	// Failed writes the answer when there is none of the upstream's.
	Failed func(w http.ResponseWriter, f Failure)
}

// exchange is one request at the upstream.
type exchange struct {
	u    *Upstream
	w    http.ResponseWriter
	pass Pass
	body *upload // nil when the request has none
}

// Forward sends the request to the upstream and streams its answer back.
func (u *Upstream) Forward(w http.ResponseWriter, r *http.Request, p Pass) {
	x := &exchange{u: u, w: w, pass: p}
	if r.ContentLength != 0 {
		r = x.limitBody(r)
		defer x.body.end()
	}
	proxy := httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		Transport:      u.transport,
		BufferPool:     buffers,
		ModifyResponse: x.answer,
		ErrorHandler:   x.fail,
		ErrorLog:       quiet,
	}
	proxy.ServeHTTP(answering{x.w}, r)
}

// answering is the client's ResponseWriter without what an informational
// answer (1xx) may not say. The final answer comes by [exchange.answer].
type answering struct{ http.ResponseWriter }

func (a answering) WriteHeader(status int) {
	if status < 200 {
		stripAnswer(a.Header())
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the writer beneath.
func (a answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// The values of X-Client-Verify: nginx's words.
var (
	verifySuccess = []string{"SUCCESS"}
	verifyNone    = []string{"NONE"}
	protoHTTPS    = []string{"https"}
)

// rewrite makes the upstream's request. ReverseProxy has removed hop-by-hop
// headers before, and removes none after.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	out, u := pr.Out, x.u
	out.URL.Scheme = "https"
	out.URL.Host = u.host
	if u.prefix != "" {
		escaped := out.URL.EscapedPath()
		out.URL.Path, out.URL.RawPath = u.prefix+out.URL.Path, u.prefix+escaped
	}
	out.Host = ""
	// Trailers come after our headers and could repeat their names.
	out.Trailer = nil
	out.Header = admitted(out.Header)
	x.identify(out.Header)
	x.pass.Trace.Inject(out.Header)
}

// identify tells the upstream who calls, and how the client reached us (RS18).
func (x *exchange) identify(h http.Header) {
	values := [6]string{x.pass.Assertion, x.pass.Host, x.pass.Source}
	h["Gatehouse-Assertion"] = values[0:1:1]
	h["X-Forwarded-Host"] = values[1:2:2]
	h["X-Forwarded-For"] = values[2:3:3]
	h["X-Forwarded-Proto"] = protoHTTPS
	h["X-Client-Verify"] = verifyNone
	c := x.pass.Certificate
	if !c.Present() || !c.Verified() && !x.pass.Bound {
		return
	}
	values[3], values[4] = c.Fingerprint(), c.ClientCert()
	h["X-Client-Cert-Fp"] = values[3:4:4]
	h["Client-Cert"] = values[4:5:5]
	if c.Verified() { // else nobody vouches for the name in it
		values[5] = c.SubjectDN()
		h["X-Client-Cert-Dn"] = values[5:6:6]
		h["X-Client-Verify"] = verifySuccess
	}
}

// answer runs when the upstream's headers are here.
func (x *exchange) answer(res *http.Response) error {
	if x.body != nil {
		x.body.answered()
	}
	if res.StatusCode < 200 { // a final answer has three digits from there on (RFC 9110 §15)
		return errors.New("the upstream's answer has the status " + res.Status)
	}
	stripAnswer(res.Header)
	// Again, for an informational answer (1xx) has cleared them.
	x.own(x.w.Header())
	return nil
}

// own sets the gateway's own headers on an answer. One that begins before the
// request's body has ended is the last on its connection: what comes then of
// the body is never read as a request.
func (x *exchange) own(h http.Header) {
	x.pass.Answer(h)
	if x.body != nil && x.body.unread() {
		h.Set("Connection", "close")
	}
}
