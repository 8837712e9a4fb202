package config

import (
	"time"
)

func (d *decoder) gateway(v value) *Gateway {
	if !v.present() {
		return nil
	}
	o := v.object()
	g := &Gateway{
		Name:             o.get("name").ownURL(),
		AssertionKeyFile: o.get("assertion_key").reference("file", "credential").Path(),

		ProofNonceRequired: o.get("dpop_nonce").choice("optional", "required", "optional") == "required",
		ProofMaxAge:        o.get("dpop_max_age").duration(60*time.Second, 10*time.Second, 300*time.Second),
	}
	for _, e := range o.get("listeners").entries(false) {
		g.Listeners = append(g.Listeners, e.listener())
	}
	for _, e := range o.get("issuers").entries(false) {
		g.Issuers = append(g.Issuers, e.trustedIssuer())
	}
	for _, e := range o.get("upstreams").entries(false) {
		g.Upstreams = append(g.Upstreams, e.upstream())
	}
	g.Routes = o.get("routes").routes(g.Upstreams)
	return g
}

func (v value) listener() Listener {
	o := v.object()
	l := Listener{
		Name:    o.get("name").label(),
		Listen:  o.get("listen").address(),
		Origin:  o.get("origin").origin(),
		TLS:     o.get("tls").tls(),
		Clients: o.get("client_certificates").clientCertificates(),
	}
	o.get("name").claim("listener", l.Name)
	return l
}

// maxIntermediates is the default number of intermediates between a partner's
// certificate and the bundle.
const maxIntermediates = 2

func (v value) clientCertificates() ClientCertificates {
	if !v.present() || v.d.magic[v.node] {
		return ClientCertificates{}
	}
	if v.node.Kind == kindScalar {
		s := v.text()
		if s != "" && s != CertificatesNone && s != CertificatesAny {
			v.refuse("is not a policy")
		}
		return ClientCertificates{Policy: s}
	}
	o := v.object()
	return ClientCertificates{
		Policy:           CertificatesOfCA,
		CAFile:           o.get("ca").reference("file").Path(),
		MaxIntermediates: o.get("max_intermediates").number(maxIntermediates, 0, 5),
	}
}

func (v value) trustedIssuer() TrustedIssuer {
	o := v.object()
	t := TrustedIssuer{
		URL:          o.get("url").otherURL(),
		Profile:      o.get("profile").profile(),
		CAFile:       o.get("ca").reference("file").Path(),
		Audience:     o.get("audience").audience(),
		MaxStaleKeys: o.get("max_stale_keys").duration(time.Hour, time.Minute, 24*time.Hour),
	}
	o.get("url").claim("trusted issuer", t.URL)
	t.AllowPrivate = o.get("allow_private").flag(hasPrivateHost(t.URL))
	t.Algorithms = o.get("algorithms").textList(func(e value, _ string) bool {
		return e.signing(t.Profile.AllowsSigning)
	})
	return t
}

func (v value) upstream() Upstream {
	o := v.object()
	u := Upstream{
		Name:     o.get("name").label(),
		URL:      o.get("url").ownURL(),
		Audience: o.get("audience").audience(),
		CAFile:   o.get("ca").reference("file").Path(),
		Timeout:  o.get("timeout").duration(30*time.Second, minTimeout, maxTimeout),
		MaxBody:  o.get("max_body").size(10e6),
	}
	o.get("name").claim("upstream", u.Name)
	return u
}

// The bounds of the time that an upstream has for an answer.
const (
	minTimeout = time.Second
	maxTimeout = 10 * time.Minute
)

// httpMethods are those that a route may name. TRACE and CONNECT are never
// passed on.
var httpMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (v value) routes(upstreams []Upstream) []Route {
	var out []Route
	var good []placed
	for _, e := range v.entries(false) {
		o := e.object()
		path := o.get("path")
		r := o.route(upstreams)
		out = append(out, r)
		p, wrong := parsePattern(r.Path)
		if r.Path == "" {
			continue
		}
		if wrong != "" {
			path.refuse(wrong)
			continue
		}
		later := placed{p, r, path.node.Line}
		for _, earlier := range good {
			path.refuseOverlap(later, earlier)
		}
		good = append(good, later)
	}
	return out
}

func (o object) route(upstreams []Upstream) Route {
	r := Route{
		Path:         o.get("path").text(),
		Methods:      o.get("methods").textList(oneOf(httpMethods)),
		UnsafePublic: o.get("unsafe_public").reason(),
		Upstream:     o.get("upstream").text(),
	}
	// No profile of this release lets an unbound token pass, so the key can
	// only say what is so.
	o.get("binding").choice("required", "required")
	o.scopeOrReason()
	byDefault := "continue"
	if scope := o.get("scope"); scope.present() {
		s, _ := scope.scope()
		r.Scope = s.Name
		if s.HighValue {
			byDefault = "deny"
		}
	}
	r.DenyUnaudited = o.get("on_audit_failure").choice(byDefault, "deny", "continue") == "deny"
	if r.Upstream != "" && len(upstreams) > 0 {
		oneOf(upstreamNames(upstreams))(o.get("upstream"), r.Upstream)
	}
	return r
}

// scopeOrReason holds a route to exactly one of the two.
func (o object) scopeOrReason() {
	scope, public := o.get("scope"), o.get("unsafe_public")
	switch {
	case scope.node == nil && public.node == nil:
		scope.fail("is missing: anybody could call this route; name one declared scope (%s), or write unsafe_public: \"the reason\"", listed(o.d.scopeNames()))
	case scope.node != nil && public.node != nil:
		public.fail("stands beside a scope; a public route has none")
	}
}

func upstreamNames(upstreams []Upstream) []string {
	var out []string
	for _, u := range upstreams {
		out = append(out, u.Name)
	}
	return out
}
