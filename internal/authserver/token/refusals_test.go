package token_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse.example/oauth"
)

// refusal is one bad request and what it gets.
type refusal struct {
	name, ids string
	make      func(w *world) *request
	rule      string
	code      oauth.Code
	status    int
	spends    bool // it may spend or store: it fails after redeem began
}

func partner(edit func(w *world, r *request)) func(*world) *request {
	return client("partner", edit)
}

func client(id string, edit func(w *world, r *request)) func(*world) *request {
	return func(w *world) *request {
		r := w.by(id)
		edit(w, r)
		return r
	}
}

func setting(name string, values ...string) func(*world) *request {
	return partner(func(_ *world, r *request) { r.form[name] = values })
}

func lacking(name string) func(*world) *request {
	return partner(func(_ *world, r *request) { r.form.Del(name) })
}

var formRefusals = []refusal{
	{"AS19 GET", "AS19", partner(func(_ *world, r *request) { r.method = "GET" }), "AS19", oauth.InvalidRequest, 405, false},
	{"AS19 JSON", "AS19", partner(func(_ *world, r *request) { r.contentType = "application/json"; r.body = "{}" }), "AS19", oauth.InvalidRequest, 415, false},
	{"AS19 oversize", "AS19", setting("pad", strings.Repeat("x", 33<<10)), "AS19", oauth.InvalidRequest, 413, false},
	{"AS6 credentials in the URL", "AS6", partner(func(_ *world, r *request) { r.target += "?client_id=partner&client_secret=s" }), "AS6", oauth.InvalidRequest, 400, false},
	{"AS29 grant_type twice", "AS29", setting("grant_type", "client_credentials", "client_credentials"), "AS29", oauth.InvalidRequest, 400, false},
	{"AS29 scope twice", "AS29", setting("scope", "accounts.read", "accounts.read"), "AS29", oauth.InvalidRequest, 400, false},
	{"AS29 malformed form", "AS29", partner(func(_ *world, r *request) { r.body = "grant_type=%zz" }), "AS29", oauth.InvalidRequest, 400, false},
	{"AS6 no grant_type", "AS6", lacking("grant_type"), "AS6", oauth.InvalidRequest, 400, false},
	{"AS6 password", "AS6", setting("grant_type", "password"), "AS6", oauth.UnsupportedGrantType, 400, false},
	{"AS6 authorization_code", "AS6", setting("grant_type", "authorization_code"), "AS6", oauth.UnsupportedGrantType, 400, false},
	{"AS6 implicit", "AS6", setting("grant_type", "implicit"), "AS6", oauth.UnsupportedGrantType, 400, false},
	{"AS66 refresh_token", "AS66 AS6", setting("grant_type", "refresh_token"), "AS6", oauth.UnsupportedGrantType, 400, false},
}

var clientRefusals = []refusal{
	{"AS13 certificate of the connection has expired", "AS13", func(w *world) *request {
		old := w.authority.ClientWith(w.t, func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "partner"}
			c.NotAfter = now.Add(-time.Second)
		})
		r := w.byCertificate()
		r.certificate = &old
		return r
	}, "AS13", oauth.InvalidClient, 401, false},
	{"AS11 assertion and secret", "AS11", setting("client_secret", "s"), "AS11", oauth.InvalidRequest, 400, false},
	{"AS11 two assertions", "AS11 AS29", partner(func(_ *world, r *request) {
		r.form["client_assertion"] = append(r.form["client_assertion"], r.form.Get("client_assertion"))
	}), "AS29", oauth.InvalidRequest, 400, false},
	{"AS11 wrong client_assertion_type", "AS11", setting("client_assertion_type", "jwt"), "AS11", oauth.InvalidClient, 401, false},
	{"AS8 client_secret_basic", "AS8", partner(func(_ *world, r *request) {
		r.form.Del("client_assertion")
		r.form.Del("client_assertion_type")
		r.header.Set("Authorization", "Basic cDpz")
	}), "AS8", oauth.InvalidClient, 401, false},
	{"AS7 public client", "AS7", partner(func(_ *world, r *request) {
		r.form.Del("client_assertion")
		r.form.Del("client_assertion_type")
		r.form.Set("client_id", "partner")
	}), "AS7", oauth.InvalidClient, 401, false},
	{"AS12 unknown client", "AS12", client("nobody", nothing), "AS12", oauth.InvalidClient, 401, false},
	{"AS12 client of another issuer", "AS12", client("elsewhere", nothing), "AS12", oauth.InvalidClient, 401, false},
	{"AS12 wrong key", "AS12", partner(func(w *world, r *request) { w.assert(r, w.stranger, "partner") }), "AS12", oauth.InvalidClient, 401, false},
	{"AS9 expired assertion", "AS9", partner(func(w *world, r *request) {
		raw, err := w.signer.Sign("JWT", map[string]any{"iss": "partner", "sub": "partner", "aud": issuer, "jti": "1", "exp": now.Unix() - 1})
		if err != nil {
			w.t.Fatal(err)
		}
		r.form.Set("client_assertion", raw)
	}), "AS9", oauth.InvalidClient, 401, false},
	{"AS13 certificate of another client", "AS13", func(w *world) *request {
		other := w.authority.Client(w.t, "somebody")
		r := w.byCertificate()
		r.certificate = &other
		return r
	}, "AS13", oauth.InvalidClient, 401, false},
	{"AS67 grant type not the client's", "AS67", client("batch", nothing), "AS67", oauth.UnauthorizedClient, 400, false},
}

var bindingRefusals = []refusal{
	{"AS62 proof for another method", "AS62", partner(func(w *world, r *request) { r.header.Set("DPoP", w.proof("GET", frontURL, "")) }), "RS7", oauth.InvalidDPoPProof, 400, false},
	{"AS62 proof for another URL", "AS62", partner(func(w *world, r *request) { r.header.Set("DPoP", w.proof("POST", issuer+"/par", "")) }), "RS7", oauth.InvalidDPoPProof, 400, false},
	{"AS62 proof for the other listener", "AS62", partner(func(w *world, r *request) { r.header.Set("DPoP", w.proof("POST", mtlsURL, "")) }), "RS7", oauth.InvalidDPoPProof, 400, false},
	{"AS62 two proofs", "AS62", partner(func(w *world, r *request) { r.header.Add("DPoP", w.proof("POST", frontURL, "")) }), "RS7", oauth.InvalidDPoPProof, 400, false},
	{"AS62 no proof but something", "AS62", partner(func(_ *world, r *request) { r.header.Set("DPoP", "hello") }), "RS7", oauth.InvalidDPoPProof, 400, false},
	{"AS63 a nonce that is not ours", "AS63", partner(func(w *world, r *request) { r.header.Set("DPoP", w.proof("POST", frontURL, "made-up")) }), "RS13", oauth.UseDPoPNonce, 400, false},
	{"AS61 dpop client without proof", "AS61", partner(func(_ *world, r *request) { r.header.Del("DPoP") }), "AS61", oauth.InvalidDPoPProof, 400, false},
	{"AS61 dpop client with a certificate and without proof", "AS61", func(w *world) *request {
		r := w.by("partner").overTLS(w.partner)
		r.header.Del("DPoP")
		return r
	}, "AS61", oauth.InvalidDPoPProof, 400, false},
	{"AS57 neither proof nor certificate", "AS57", client("either", func(_ *world, r *request) { r.header.Del("DPoP") }), "AS57", oauth.InvalidDPoPProof, 400, false},
	{"AS58 certificate-bound client without certificate", "AS58", client("bound", func(_ *world, r *request) { r.header.Del("DPoP") }), "AS58", oauth.InvalidRequest, 400, false},
	{"AS58 certificate-bound client with a proof", "AS58", client("bound", nothing), "AS58", oauth.InvalidRequest, 400, false},
}

var targetRefusals = []refusal{
	{"AS72 unknown resource", "AS72", setting("resource", "https://evil.example"), "AS72", oauth.InvalidTarget, 400, false},
	{"AS72 unknown audience", "AS72", setting("audience", "https://evil.example"), "AS71", oauth.InvalidTarget, 400, false},
	{"AS72 resource of the issuer that is not the client's", "AS72", setting("resource", cardsAPI), "AS72", oauth.InvalidTarget, 400, false},
	{"AS71 two resources", "AS71", client("either", func(_ *world, r *request) { r.form["resource"] = []string{bankAPI, cardsAPI} }), "AS71", oauth.InvalidTarget, 400, false},
	{"AS71 resource and another audience", "AS71", client("either", func(_ *world, r *request) { r.form.Set("audience", cardsAPI) }), "AS71", oauth.InvalidTarget, 400, false},
	{"AS71 none of several resources", "AS71", client("either", func(_ *world, r *request) { r.form.Del("resource") }), "AS71", oauth.InvalidTarget, 400, false},
	{"AS67 no scope", "AS67", lacking("scope"), "AS67", oauth.InvalidScope, 400, false},
	{"AS67 scope malformed", "AS67", setting("scope", "accounts.read  payments.write"), "AS67", oauth.InvalidScope, 400, false},
	{"AS67 scope of the API and not of the client", "AS67", setting("scope", "accounts.read payments.write"), "AS67", oauth.InvalidScope, 400, false},
	{"AS71 scope of another API", "AS71", setting("scope", "accounts.read cards.read"), "AS71", oauth.InvalidScope, 400, false},
	{"AS67 every scope by a star", "AS67", setting("scope", "*"), "AS71", oauth.InvalidScope, 400, false},
	{"AS67 OpenID's own scopes", "AS67", setting("scope", "openid"), "AS71", oauth.InvalidScope, 400, false},
}

var storeRefusals = []refusal{
	{"RS25 audit log is closed", "RS25", partner(func(w *world, _ *request) { _ = w.audit.Close(context.Background()) }), "RS25", oauth.TemporarilyUnavailable, 503, false},
	{"RS25 replay store fails", "RS25 RS10", partner(func(w *world, _ *request) { w.stores.fail = "spend" }), "RS25", oauth.TemporarilyUnavailable, 503, false},
	{"RS25 grant store fails", "RS25 AS9", partner(func(w *world, _ *request) { w.stores.fail = "redeem" }), "RS25", oauth.TemporarilyUnavailable, 503, true},
	{"RS25 a store panics", "RS25", partner(func(w *world, _ *request) { w.stores.fail = "panic" }), "RS25", oauth.ServerError, 500, true},
	{"AS9 assertion used before", "AS9", partner(func(w *world, r *request) {
		first := *r
		w.mustIssue(&first)
		r.header = http.Header{"Dpop": {w.proof("POST", frontURL, "")}}
	}), "AS9", oauth.InvalidClient, 401, true},
	{"RS10 proof used before", "RS10", partner(func(w *world, r *request) {
		w.mustIssue(r)
		w.assert(r, w.signer, "partner")
	}), "RS10", oauth.InvalidDPoPProof, 400, true},
}

func refusals() []refusal {
	return slices.Concat(formRefusals, clientRefusals, bindingRefusals, targetRefusals, storeRefusals)
}

func nothing(*world, *request) {}

func (w *world) mustIssue(r *request) {
	if got := w.send(r); got.status != 200 {
		w.t.Errorf("a good request got %d %s", got.status, got.body)
	}
}
