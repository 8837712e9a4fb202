package config

import (
	"regexp"
	"slices"

	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

var clientIDForm = regexp.MustCompile(`^[A-Za-z0-9._~:-]{1,100}$`)

// client reads a client of issuer i, whose own keys are already read.
func (v value) client(issuer object, i Issuer) Client {
	o := v.object()
	c := Client{
		ID:         o.get("id").clientID(issuer.path),
		Name:       o.get("name").text(),
		Auth:       o.get("auth").choice("", i.Profile.ClientAuthMethods()...),
		GrantTypes: o.get("grant_types").textList(oneOf(i.Profile.GrantTypes())),
		Audiences:  o.get("audiences").textList(audienceOf(i)),
		Binding:    o.get("binding").choice(BindDPoP, BindDPoP, BindMTLS, BindEither),
	}
	c.Scopes = o.get("scopes").scopeList(scopeOf(i.offered(c.Audiences)))
	o.get("scopes").refuseAll(c.Scopes)
	switch c.Auth {
	case oauth.AuthPrivateKeyJWT:
		o.readKeys(&c, i)
	case oauth.AuthTLSClient:
		o.readSubject(&c, issuer, i)
	}
	if (c.Binding == BindMTLS || c.Binding == BindEither) && !issuer.get("mtls_url").present() {
		o.get("binding").fail("%s needs the issuer's mtls_url, where certificates are shown", show(c.Binding))
	}
	return c
}

func (v value) clientID(issuer string) string {
	id := v.text()
	if id != "" && !clientIDForm.MatchString(id) {
		v.refuse("is not a client id")
		return ""
	}
	v.claim("client of "+issuer, id)
	return id
}

func audienceOf(i Issuer) func(e value, s string) bool {
	names := i.audiences()
	return func(e value, s string) bool {
		if slices.Contains(names, s) {
			return true
		}
		e.fail("%s is not an audience of this issuer's apis; they are: %s%s", show(s), listed(names), meant(s, names))
		return false
	}
}

// readKeys reads what private_key_jwt needs: the public keys and the one
// algorithm (C7).
func (o object) readKeys(c *Client, i Issuer) {
	o.mustGo("tls_client_auth", "belongs to auth: tls_client_auth; this client authenticates by private_key_jwt")
	if o.mustCome("jwks", "private_key_jwt") {
		c.JWKSFile = o.get("jwks").reference("file").Path()
	}
	if o.mustCome("signing_alg", "private_key_jwt") {
		if alg := o.get("signing_alg"); alg.signing(i.Profile.AllowsSigning) {
			c.SigningAlg = alg.node.Value
		}
	}
}

// signing reads an algorithm, which the profile must allow (C1).
func (v value) signing(allowed func(string) bool) bool {
	alg := v.text()
	if alg == "" {
		return false
	}
	if !allowed(alg) {
		v.refuse("is refused under FAPI (C1)")
		return false
	}
	return true
}

// subjectFields are the ways to name a certificate's holder, each with the
// registration parameter of RFC 8705 §2.1.2.
var subjectFields = []struct{ key, parameter string }{
	{"subject_dn", "tls_client_auth_subject_dn"},
	{"san_dns", "tls_client_auth_san_dns"},
	{"san_uri", "tls_client_auth_san_uri"},
	{"san_ip", "tls_client_auth_san_ip"},
	{"san_email", "tls_client_auth_san_email"},
}

// readSubject reads what tls_client_auth needs: exactly one subject (AS13),
// and an issuer that can see and judge certificates.
func (o object) readSubject(c *Client, issuer object, i Issuer) {
	o.mustGo("jwks", "belongs to auth: private_key_jwt; this client authenticates by its certificate")
	o.mustGo("signing_alg", "belongs to auth: private_key_jwt; this client authenticates by its certificate")
	for _, needed := range []string{"client_ca", "mtls_url"} {
		if !issuer.get(needed).present() {
			o.get("auth").fail("%s needs the issuer's %s", show(c.Auth), needed)
		}
	}
	if !o.mustCome("tls_client_auth", "tls_client_auth") {
		return
	}
	s := o.get("tls_client_auth").object()
	if s.node.Kind == kindMapping && len(s.node.Content) != 2 { // a key and its value
		s.fail("has %d subjects; expected %s", len(s.node.Content)/2, s.rule.expects)
		return
	}
	for _, f := range subjectFields {
		if m := s.get(f.key); m.present() {
			c.Subject = m.subject(f.parameter)
		}
	}
}

func (v value) subject(parameter string) mtls.Subject {
	text := v.text()
	if text == "" {
		return mtls.Subject{}
	}
	s, err := mtls.ParseSubject(parameter, text)
	if err != nil {
		v.fail("%s: %s", show(text), err)
	}
	return s
}

// mustCome reports the lack of a key that the client's auth method needs.
func (o object) mustCome(key, auth string) bool {
	v := o.get(key)
	if !v.present() {
		v.fail("is missing; auth: %s needs %s", auth, v.rule.expects)
	}
	return v.present()
}

// mustGo reports a key that does not belong to the client's auth method.
func (o object) mustGo(key, why string) {
	if v := o.get(key); v.present() {
		v.fail("%s; take it out", why)
	}
}

// offered are the scopes of the APIs that a client may ask tokens for; none
// when that is not known.
func (i Issuer) offered(audiences []string) oauth.Scopes {
	var out oauth.Scopes
	if i.unsettled {
		return nil
	}
	for _, a := range audiences {
		api, _ := i.api(a)
		out = append(out, api.Scopes...)
	}
	return out
}

// fewScopes is the number of declared scopes up to which a client may hold
// them all.
const fewScopes = 2

// scopeOf judges a client's scope by what the APIs it may call offer, if known.
func scopeOf(offered oauth.Scopes) func(e value, s oauth.Scope) bool {
	return func(e value, s oauth.Scope) bool {
		if len(offered) == 0 || s.IsOpenID() || offered.Has(s) {
			return true
		}
		e.fail("%s is offered by none of this client's audiences; they offer: %s", show(string(s)), listed(words(offered)))
		return false
	}
}

// refuseAll refuses a client that holds everything there is. OpenID Connect's
// own scopes are not counted.
func (v value) refuseAll(held oauth.Scopes) {
	own := slices.DeleteFunc(slices.Clone(held), oauth.Scope.IsOpenID)
	if len(own) == len(v.d.scopes) && len(own) > fewScopes {
		v.fail("hold every declared scope (%s); give a client what it needs and nothing more", listed(words(own)))
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
