package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// tokenRequest is one request to the token endpoint that must be refused.
type tokenRequest struct {
	name   string // begins with the rule's id
	status int
	code   string
	change func(p *partner, form url.Values) // form is a good one
}

func asserted(changed map[string]any) func(*partner, url.Values) {
	return func(p *partner, form url.Values) { form.Set("client_assertion", p.assertion(changed)) }
}

// at sets a claim to a time counted from when the request is made.
func at(claim string, from time.Duration) func(*partner, url.Values) {
	return func(p *partner, form url.Values) {
		form.Set("client_assertion", p.assertion(map[string]any{claim: time.Now().Add(from).Unix()}))
	}
}

var refusedTokenRequests = []tokenRequest{
	{"AS9 aud is the token endpoint", 401, "invalid_client", func(p *partner, form url.Values) {
		form.Set("client_assertion", p.assertion(map[string]any{"aud": p.tokenEndpoint()}))
	}},
	{"AS9 aud is an array", 401, "invalid_client", func(p *partner, form url.Values) {
		form.Set("client_assertion", p.assertion(map[string]any{"aud": []string{p.d.issuer()}}))
	}},
	{"AS9 aud is another issuer", 401, "invalid_client", asserted(map[string]any{"aud": "https://other.example"})},
	{"AS9 expired", 401, "invalid_client", at("exp", -2*time.Minute)},
	{"AS9 no exp", 401, "invalid_client", asserted(map[string]any{"exp": nil})},
	{"AS9 not yet valid", 401, "invalid_client", at("nbf", time.Minute)},
	{"AS9 no jti", 401, "invalid_client", asserted(map[string]any{"jti": nil})},
	{"AS9 iss is another", 401, "invalid_client", asserted(map[string]any{"iss": "demo-reports"})},
	{"AS12 unknown client", 401, "invalid_client", asserted(map[string]any{"iss": "nobody", "sub": "nobody"})},
	{"C1 alg none", 401, "invalid_client", func(p *partner, form url.Values) {
		token := reheaded(p.t, p.assertion(nil), map[string]any{"alg": "none"})
		form.Set("client_assertion", token[:strings.LastIndexByte(token, '.')+1])
	}},
	{"C1 alg HS256", 401, "invalid_client", func(p *partner, form url.Values) {
		form.Set("client_assertion", reheaded(p.t, p.assertion(nil), map[string]any{"alg": "HS256"}))
	}},
	{"C1 alg RS256", 401, "invalid_client", func(p *partner, form url.Values) {
		form.Set("client_assertion", reheaded(p.t, p.assertion(nil), map[string]any{"alg": "RS256"}))
	}},
	{"AS29 scope twice", 400, "invalid_request", func(_ *partner, form url.Values) { form.Add("scope", "accounts.read") }},
	{"AS6 password grant", 400, "unsupported_grant_type", func(_ *partner, form url.Values) { form.Set("grant_type", "password") }},
	{"AS72 unknown resource", 400, "invalid_target", func(_ *partner, form url.Values) { form.Set("resource", "https://nowhere.example") }},
	{"AS67 a scope of other clients", 400, "invalid_scope", func(_ *partner, form url.Values) { form.Set("scope", "payments.write") }},
}

func TestRefusedTokenRequests_AS6_AS9_AS12_AS29_AS67_AS72_C1(t *testing.T) {
	p := newPartner(t, startDemo(t), "demo-partner")
	p.token(nil) // learns a nonce
	for _, c := range refusedTokenRequests {
		t.Run(c.name, func(t *testing.T) {
			form := p.form(p.assertion(nil))
			c.change(p, form)
			trace, id := traceparent()
			proof, err := p.proofs.Proof("POST", p.tokenEndpoint(), "", p.nonce, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			res, body := p.postWith(form, proof, http.Header{"Traceparent": {trace}})
			if res.StatusCode != c.status || errorCode(body) != c.code {
				t.Errorf("answered %d %s, must be %d %s", res.StatusCode, body, c.status, c.code)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control is %q", res.Header.Get("Cache-Control"))
			}
			rule, _, _ := strings.Cut(c.name, " ")
			if r := p.d.record(t, id); r["verdict"] != "deny" || r["rule"] != rule {
				t.Errorf("audit record: %v", r)
			}
		})
	}
}

// A bad request must not burn a good assertion (trap 9), and a good one burns
// it for ever.
func TestAssertionBurns_AS9(t *testing.T) {
	p := newPartner(t, startDemo(t), "demo-partner")
	p.token(nil)
	form := p.form(p.assertion(nil))
	form.Set("scope", "payments.write")
	if res, body := p.post(form); errorCode(body) != "invalid_scope" {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	form.Set("scope", "accounts.read")
	if res, body := p.post(form); res.StatusCode != 200 {
		t.Fatalf("the assertion of a refused request was burnt: %d %s", res.StatusCode, body)
	}
	if res, body := p.post(form); res.StatusCode != 401 || errorCode(body) != "invalid_client" {
		t.Fatalf("a used assertion: %d %s", res.StatusCode, body)
	}
}
