package config

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse.example/internal/profile"
)

func (d *decoder) authServer(v value) *AuthServer {
	if !v.present() {
		return nil
	}
	o := v.object()
	s := &AuthServer{
		Listen:     o.get("listen").address(),
		MTLSListen: o.get("mtls_listen").address(),
		TLS:        o.get("tls").tls(),
		Data:       o.get("data").folder(),
		SealingKey: o.get("sealing_key").reference("file", "env", "fd", "credential"),
	}
	reason := o.get("unsafe_sealing_key_in_data_folder").reason()
	if reason == "" && within(s.SealingKey.Path(), s.Data) {
		o.get("sealing_key").fail("%s", keyInData)
	}
	for _, e := range o.get("issuers").entries(false) {
		s.Issuers = append(s.Issuers, e.issuer(o.get("mtls_listen").present()))
	}
	return s
}

func (v value) tls() TLS {
	if !v.present() {
		return TLS{}
	}
	o := v.object()
	return TLS{
		CertificateFile: o.get("certificate").reference("file").Path(),
		KeyFile:         o.get("key").reference("file", "credential").Path(),
		TLS12:           o.get("unsafe_tls12").reason() != "",
	}
}

// folder reads the path of a folder.
func (v value) folder() string {
	s := v.text()
	if s == "" {
		return ""
	}
	if strings.HasPrefix(s, "file:") {
		v.refuse("is a reference to a file")
		return ""
	}
	return v.d.absolute(s)
}

const keyInData = `is inside the data folder: who copies the folder has the key to it; keep it elsewhere, or write unsafe_sealing_key_in_data_folder: "the reason"`

// within tells whether a file is in a folder or below it, as the paths are
// written; where links lead is looked at when the files are read.
func within(file, folder string) bool {
	if file == "" || folder == "" {
		return false
	}
	rel, err := filepath.Rel(folder, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

const (
	defaultTokenLifetime = 10 * time.Minute
	minTokenLifetime     = 5 * time.Minute // AS71b
	maxTokenLifetime     = 15 * time.Minute
)

func (v value) issuer(mtlsListener bool) Issuer {
	o := v.object()
	i := Issuer{
		URL:                 o.get("url").ownURL(),
		MTLSURL:             o.get("mtls_url").origin(),
		Profile:             o.get("profile").profile(),
		ClientCAFile:        o.get("client_ca").reference("file").Path(),
		AccessTokenLifetime: o.get("access_token_lifetime").duration(defaultTokenLifetime, minTokenLifetime, maxTokenLifetime),
		DPoPNonceRequired:   o.get("dpop_nonce").choice("required", "required", "optional") == "required",
	}
	o.get("url").claim("issuer", i.URL)
	if mtls := o.get("mtls_url"); i.MTLSURL != "" {
		if !mtlsListener {
			mtls.fail("needs authserver.mtls_listen, the listener that answers there")
		}
		if i.MTLSURL == i.URL || strings.HasPrefix(i.URL, i.MTLSURL+"/") {
			mtls.refuse("is the issuer's own origin, which asks for no certificate")
		}
	}
	before := len(v.d.problems)
	for _, e := range o.get("apis").entries(false) {
		i.APIs = append(i.APIs, e.api(o.path))
	}
	i.unsettled = len(v.d.problems) > before
	for _, e := range o.get("clients").entries(true) {
		i.Clients = append(i.Clients, e.client(o, i))
	}
	return i
}

// profile reads the issuer's profile; absent, wrong and fapi2 are one. A wrong
// one was reported, so nothing runs with it.
func (v value) profile() profile.Profile {
	fapi2, err := profile.Parse("fapi2")
	if err != nil {
		panic("config: " + err.Error())
	}
	name := v.text()
	if name == "" {
		return fapi2
	}
	if !labelForm.MatchString(name) {
		v.refuse("is not a profile")
		return fapi2
	}
	p, err := profile.Parse(name)
	if err != nil {
		v.fail("%s", err)
		return fapi2
	}
	return p
}

func (v value) api(issuer string) API {
	o := v.object()
	a := API{Audience: o.get("audience").audience(), Scopes: o.get("scopes").scopeList(anyScope)}
	o.get("audience").claim("api of "+issuer, a.Audience)
	return a
}

func (i Issuer) audiences() []string {
	out := make([]string, len(i.APIs))
	for n, a := range i.APIs {
		out[n] = a.Audience
	}
	return out
}

func (i Issuer) api(audience string) (API, bool) {
	n := slices.IndexFunc(i.APIs, func(a API) bool { return a.Audience == audience })
	if n < 0 {
		return API{}, false
	}
	return i.APIs[n], true
}
