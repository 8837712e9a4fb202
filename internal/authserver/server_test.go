package authserver_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/authserver"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

func serverOf(t *testing.T, urls ...string) *authserver.Server {
	t.Helper()
	var issuers []authserver.Issuer
	for _, u := range urls {
		issuers = append(issuers, issuerAt(t, u))
	}
	s, err := authserver.New(config(t, issuers, partner(t)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(h http.Handler, method, target string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func metadataAt(t *testing.T, h http.Handler, target string) oauth.ServerMetadata {
	t.Helper()
	w := ask(h, "GET", target)
	var m oauth.ServerMetadata
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || w.Code != 200 {
		t.Fatalf("%s: %d %s %v", target, w.Code, w.Body, err)
	}
	return m
}

func TestServer_AS1_AS2_AS4_MetadataIsAtBothAddresses(t *testing.T) {
	h := serverOf(t, plain, pathed).Handler()
	for _, c := range []struct{ name, target, issuer string }{
		{"AS1 OIDC without a path", plain + "/.well-known/openid-configuration", plain},
		{"AS1 RFC 8414 without a path", plain + "/.well-known/oauth-authorization-server", plain},
		{"AS1 OIDC appends", pathed + "/.well-known/openid-configuration", pathed},
		{"AS1 RFC 8414 inserts", "https://as.example/.well-known/oauth-authorization-server/bank/a", pathed},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := metadataAt(t, h, c.target)
			if m.Issuer != c.issuer || m.TokenEndpoint != c.issuer+"/token" || m.JWKSURI != c.issuer+"/jwks.json" {
				t.Errorf("AS2 issuer %s, token endpoint %s, keys %s", m.Issuer, m.TokenEndpoint, m.JWKSURI)
			}
			path := strings.TrimPrefix(c.issuer, plain)
			if m.MTLSEndpointAliases["token_endpoint"] != mtlsURL+path+"/token" {
				t.Errorf("N10 aliases %v", m.MTLSEndpointAliases)
			}
		})
	}
	for _, target := range []string{
		pathed + "/.well-known/oauth-authorization-server", // RFC 8414 does not append
		plain + "/.well-known/openid-configuration/bank/a", // OIDC does not insert
		plain + "/authorize", plain + "/par", plain + "/", plain + "//token", plain + "/bank%2Fa/token",
	} {
		t.Run("AS4 nothing at "+target, func(t *testing.T) {
			if w := ask(h, "GET", target); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("got %d %v", w.Code, w.Header())
			}
		})
	}
}

func TestServer_C4_C6_EachIssuerPublishesItsOwnPublicKeys(t *testing.T) {
	h := serverOf(t, plain, pathed).Handler()
	kids := map[string]string{}
	for _, issuer := range []string{plain, pathed} {
		w := ask(h, "GET", issuer+"/jwks.json")
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=600" {
			t.Fatalf("C4 %d %v", w.Code, w.Header())
		}
		set, err := jose.ParseKeySet(w.Body.Bytes()) // refuses private keys
		if err != nil || len(set.Keys()) != 1 {
			t.Fatalf("C4 %v: %s", err, w.Body)
		}
		if k := set.Keys()[0]; k.Algorithm != "ES256" || k.Use != "sig" || k.KeyID == "" {
			t.Errorf("C4 alg %s, use %s, kid %s", k.Algorithm, k.Use, k.KeyID)
		}
		kids[set.Keys()[0].KeyID] = issuer
	}
	if len(kids) != 2 {
		t.Errorf("C6 issuers share a key: %v", kids)
	}
}

func TestServer_AS5_CORSOnlyWhereAPageMayRead(t *testing.T) {
	s := serverOf(t, plain)
	preflight := func(r *http.Request) {
		r.Header.Set("Origin", "https://page.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks.json", "/token"} {
		t.Run("AS5 "+path, func(t *testing.T) {
			w := ask(s.Handler(), "OPTIONS", plain+path, preflight)
			methods := "GET, HEAD"
			if path == "/token" {
				methods = "POST"
			}
			if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Methods") != methods ||
				!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "DPoP") {
				t.Errorf("preflight: %d %v", w.Code, w.Header())
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
			w = ask(s.Handler(), "GET", plain+path)
			if w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "DPoP-Nonce") {
				t.Errorf("answer: %v", w.Header())
			}
		})
	}
	t.Run("AS5 OPTIONS that is no preflight", func(t *testing.T) {
		if w := ask(s.Handler(), "OPTIONS", plain+"/token"); w.Code != 405 {
			t.Errorf("got %d", w.Code)
		}
	})
	for name, got := range map[string]*httptest.ResponseRecorder{
		"AS5 not on other addresses":     ask(s.Handler(), "OPTIONS", plain+"/authorize", preflight),
		"AS5 not on the mTLS listener":   ask(s.MTLSHandler(), "OPTIONS", mtlsURL+"/token", preflight),
		"AS5 no metadata over mTLS":      ask(s.MTLSHandler(), "GET", mtlsURL+"/.well-known/openid-configuration"),
		"AS5 no keys over mTLS":          ask(s.MTLSHandler(), "GET", mtlsURL+"/jwks.json"),
		"AS5 not on the root of a front": ask(s.Handler(), "GET", plain+"/"),
	} {
		t.Run(name, func(t *testing.T) {
			if got.Code < 400 || got.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("got %d %v", got.Code, got.Header())
			}
		})
	}
}

// tokenRequest is a good request of the client "partner" at an issuer.
func tokenRequest(t *testing.T, issuer, endpoint string) *http.Request {
	t.Helper()
	assertion, err := clientauth.NewAssertion(fixture(t).signer, "partner", issuer, now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := key.Proof("POST", endpoint, "", "", now)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"accounts.read"}, "client_assertion": {assertion},
		"client_assertion_type": {oauth.AssertionTypeJWT},
	}
	r := httptest.NewRequest("POST", endpoint, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof)
	return r
}

func TestServer_AS4_AS9_N10_EachEndpointIsItsOwnIssuers(t *testing.T) {
	s := serverOf(t, plain, pathed)
	for _, c := range []struct {
		name             string
		h                http.Handler
		issuer, endpoint string
		status           int
	}{
		{"AS4 the plain issuer", s.Handler(), plain, plain + "/token", 200},
		{"AS4 the issuer with a path", s.Handler(), pathed, pathed + "/token", 200},
		{"N10 the alias", s.MTLSHandler(), plain, mtlsURL + "/token", 200},
		{"N10 the alias of the issuer with a path", s.MTLSHandler(), pathed, mtlsURL + "/bank/a/token", 200},
		{"AS9 an assertion for the other issuer", s.Handler(), plain, pathed + "/token", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, tokenRequest(t, c.issuer, c.endpoint))
			if w.Code != c.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.status)
			}
		})
	}
}

func TestServer_AS2_HostsTellIssuersOfOnePathApart(t *testing.T) {
	const second = "https://second.example"
	front := issuerAt(t, second)
	front.MTLSURL = ""
	s, err := authserver.New(config(t, []authserver.Issuer{issuerAt(t, plain), front}, partner(t)))
	if err != nil {
		t.Fatal(err)
	}
	h := s.Handler()
	for _, host := range []string{plain, second} {
		if m := metadataAt(t, h, host+"/.well-known/openid-configuration"); m.Issuer != host {
			t.Errorf("AS2 at %s the issuer is %s", host, m.Issuer)
		}
	}
	if m := metadataAt(t, h, "https://AS.example:443/.well-known/openid-configuration"); m.Issuer != plain {
		t.Errorf("AS2 another spelling of the host gives %s", m.Issuer)
	}
	if w := ask(h, "GET", "https://third.example/.well-known/openid-configuration"); w.Code != 404 {
		t.Errorf("AS2 a host of no issuer gets %d", w.Code)
	}
}

func TestServer_RS18_NothingOfTheRequestIsInAnAnswer(t *testing.T) {
	h := serverOf(t, plain).Handler()
	spoof := func(r *http.Request) {
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("Forwarded", "host=evil.example")
	}
	w := ask(h, "GET", plain+"/.well-known/openid-configuration", spoof)
	if w.Code != 200 || strings.Contains(w.Body.String(), "evil") {
		t.Errorf("RS18 got %d %s", w.Code, w.Body)
	}
	r := tokenRequest(t, plain, plain+"/token")
	spoof(r)
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("RS18 htu follows the Host header: %d %s", w.Code, w.Body)
	}
}

func TestServer_N7_HSTSOnEveryAnswer(t *testing.T) {
	s := serverOf(t, plain)
	overTLS := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	for name, w := range map[string]*httptest.ResponseRecorder{
		"N7 metadata":  ask(s.Handler(), "GET", plain+"/.well-known/openid-configuration", overTLS),
		"N7 a refusal": ask(s.Handler(), "GET", plain+"/token", overTLS),
		"N7 nothing":   ask(s.Handler(), "GET", plain+"/x", overTLS),
		"N7 over mTLS": ask(s.MTLSHandler(), "GET", mtlsURL+"/token", overTLS),
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(w.Header().Get("Strict-Transport-Security"), "includeSubDomains; preload") {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// A reload makes a new server over the same stores and metrics.
func TestNew_RS10_AReloadKeepsWhatWasSpent(t *testing.T) {
	c := config(t, []authserver.Issuer{issuerAt(t, plain)}, partner(t))
	first, err := authserver.New(c)
	if err != nil {
		t.Fatal(err)
	}
	second, err := authserver.New(c)
	if err != nil {
		t.Fatalf("RS10 a second configuration: %v", err)
	}
	r := tokenRequest(t, plain, plain+"/token")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		server *authserver.Server
		status int
	}{{first, 200}, {second, 401}} {
		r.Body = io.NopCloser(bytes.NewReader(body))
		w := httptest.NewRecorder()
		step.server.Handler().ServeHTTP(w, r)
		if w.Code != step.status {
			t.Errorf("RS10 server %d answers %d %s, want %d", i+1, w.Code, w.Body, step.status)
		}
	}
}
