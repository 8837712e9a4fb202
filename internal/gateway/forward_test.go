package gateway_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/resource"
)

// asserted checks the assertion of the last request at the upstream.
func (b *bed) asserted(method, path string) assertion.Caller {
	b.t.Helper()
	values := b.last().Header[assertion.Header]
	if len(values) != 1 {
		b.t.Fatalf("the upstream got %d assertions", len(values))
	}
	caller, err := assertion.Verify(values[0], []string{"ES256"}, jose.NewKeySet(b.assertKey.Public()), assertion.Expect{
		Issuer: gatewayName,
		Call:   assertion.Call{Audience: "https://bank.example", Method: method, URI: b.upstream.URL + path},
	}, now)
	if err != nil {
		b.t.Fatalf("the assertion: %v", err)
	}
	return caller
}

func TestForward_RS20_AssertionInPlaceOfTheToken(t *testing.T) {
	b := newBed(t)
	w := b.serve(b.handler, b.good("GET", "/accounts/a%20b?page=2", nil))
	if w.Code != 200 || w.Body.String() != "upstream" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := b.last()
	if got.RequestURI != "/accounts/a%20b?page=2" {
		t.Errorf("the upstream was asked for %s", got.RequestURI)
	}
	if got.Header["Authorization"] != nil || got.Header["Dpop"] != nil {
		t.Errorf("RS20: token or proof reached the upstream: %v", got.Header)
	}
	want := assertion.Caller{
		Issuer: issuer, ClientID: "partner", Subject: "partner", Scope: "accounts.read payments.write",
		Confirmation: confirmation.Claim{JKT: b.key.Thumbprint()},
	}
	if caller := b.asserted("GET", "/accounts/a%20b"); caller != want {
		t.Errorf("the upstream is told %+v, want %+v", caller, want)
	}
	if got.Host != strings.TrimPrefix(b.upstream.URL, "https://") {
		t.Errorf("Host is %q", got.Host)
	}
}

// RS19: whatever a client says of itself is gone, its tricks with '_' and the
// Connection header included.
func TestForward_RS19_RS20_ClientHeadersAreStripped(t *testing.T) {
	b := newBed(t)
	r := b.good("GET", "/accounts", nil)
	spoofed := []string{
		"X-Client-Verify", "X-Client-Cert-DN", "X-Client-Cert-Fp", "Client-Cert", "Client-Cert-Chain", "X-Forwarded-Client-Cert",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-SSL-Client-Cert", "Gatehouse-Assertion",
		"X_Client_Verify", "x_client_cert_dn", "X-Client_Cert-Fp", "Gatehouse_Assertion", "Client_Cert",
	}
	for _, name := range spoofed {
		r.Header[name] = []string{"spoofed"}                          // as it is
		r.Header[http.CanonicalHeaderKey(name)] = []string{"spoofed"} // as net/http reads it
	}
	r.Header.Set("Connection", "X-Client-Verify, Gatehouse-Assertion, X-Forwarded-Host, Traceparent")
	r.Header.Set("Proxy-Authorization", "spoofed")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Idempotency-Key", "1")
	if w := b.serve(b.handler, r); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := b.last().Header
	for name, values := range got {
		for _, v := range values {
			if strings.Contains(v, "spoofed") {
				t.Errorf("RS19: %s: %s reached the upstream", name, v)
			}
		}
	}
	for name, want := range map[string]string{
		"X-Client-Verify": "NONE", "X-Forwarded-Host": "api.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1",
		"Accept": "application/json", "Idempotency-Key": "1",
	} {
		if values := got[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s is %q, want %q", name, values, want)
		}
	}
	if got.Get("Traceparent") == "" || got.Get(assertion.Header) == "" {
		t.Errorf("the client's Connection header took ours away: %v", got)
	}
}

func TestForward_RS5_CertificateHeaders(t *testing.T) {
	b := newBed(t)
	anyListener := b.gateway.Handler(gateway.Listener{Name: "any", Origin: origin, AnyCertificate: true})
	bound := func() *http.Request {
		r := httptest.NewRequest("GET", "/accounts", nil)
		r.Header.Set("Authorization", "Bearer "+b.token(b.byCertificate()))
		return r
	}
	partner, unjudged := mtlstest.Peer(t, b.certificate, b.ca.Bundle(t)), mtlstest.Peer(t, b.certificate, nil)
	certificate, err := partner.Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	fp, dn, raw := certificate.Fingerprint(), certificate.SubjectDN(), certificate.ClientCert()
	for _, c := range []struct {
		name    string
		h       http.Handler
		r       *http.Request
		verify  string
		fp, dn  string
		cert    string
		caller  string
		binding string
	}{
		{"RS5 a verified certificate, to which the token is bound", b.handler, over(bound(), partner), "SUCCESS", fp, dn, raw, "partner", b.thumb},
		{"RS4 a verified certificate beside a proof", b.handler, over(b.good("GET", "/accounts", nil), partner), "SUCCESS", fp, dn, raw, "partner", ""},
		{"RS5 an unverified certificate to which the token is bound: no name", anyListener, over(bound(), unjudged), "NONE", fp, "", raw, "partner", b.thumb},
		{"RS19 an unverified certificate that means nothing", b.handler, over(b.good("GET", "/accounts", nil), unjudged), "NONE", "", "", "", "partner", ""},
		{"RS5 no certificate", b.handler, over(b.good("GET", "/accounts", nil), mtlstest.Peer(t, tls.Certificate{}, nil)), "NONE", "", "", "", "partner", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if w := b.serve(c.h, c.r); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			h := b.last().Header
			for name, want := range map[string]string{
				"X-Client-Verify": c.verify, "X-Client-Cert-Fp": c.fp, "X-Client-Cert-Dn": c.dn, "Client-Cert": c.cert,
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if caller := b.asserted("GET", "/accounts"); caller.ClientID != c.caller || caller.Confirmation.X5T != c.binding {
				t.Errorf("the caller is %+v", caller)
			}
		})
	}
}

func TestForward_PublicRoute(t *testing.T) {
	b := newBed(t)
	r := httptest.NewRequest("GET", "/openapi.json", nil)
	r.Header.Set("Authorization", "DPoP whatever")
	r.Header.Set("X-Client-Verify", "SUCCESS")
	if w := b.serve(b.handler, r); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if caller := b.asserted("GET", "/openapi.json"); !caller.Anonymous() {
		t.Errorf("the upstream is told %+v, it should be nobody", caller)
	}
	if h := b.last().Header; h.Get("Authorization") != "" || h.Get("X-Client-Verify") != "NONE" {
		t.Errorf("the upstream got %v", h)
	}
}

// What the assertion says is what the API behind reads with the middleware.
func TestForward_ResourceReadsTheAssertion(t *testing.T) {
	b := newBed(t)
	keys := tlsServer(t, b.ca, b.handler)
	defer keys.Close()
	at, err := resource.ParseOrigin(b.upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	v, err := resource.GatewayAssertions(resource.GatewayConfig{
		Gateway: gatewayName, JWKSURI: keys.URL + gateway.KeysPath, Algorithms: []string{"ES256"}, Audience: "https://bank.example",
		Origin: at, Roots: b.ca.Pool(), AllowPrivate: true, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	var caller resource.Caller
	b.answer = v.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		caller, _ = resource.CallerFrom(r.Context())
	})).ServeHTTP
	if w := b.serve(b.handler, b.good("GET", "/accounts", nil)); w.Code != 200 || caller.ClientID != "partner" || caller.JKT != b.key.Thumbprint() {
		t.Errorf("%d %s, the API behind reads %+v", w.Code, w.Body, caller)
	}
	res, err := b.upstream.Client().Get(b.upstream.URL + "/accounts")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("past the gateway: %d, want 401", res.StatusCode)
	}
}

func TestForward_PathPrefixOfTheUpstream(t *testing.T) {
	b := newBed(t, func(c *gateway.Config) { c.Upstreams[0].URL += "/v1" })
	if w := b.serve(b.handler, b.good("GET", "/accounts/a%20b?x=1", nil)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := b.last().RequestURI; got != "/v1/accounts/a%20b?x=1" {
		t.Errorf("the upstream was asked for %s", got)
	}
	b.asserted("GET", "/v1/accounts/a%20b")
}

func TestForward_TraceContext(t *testing.T) {
	b := newBed(t)
	r := b.good("GET", "/accounts", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	b.serve(b.handler, r)
	got := b.last().Header.Get("Traceparent")
	if !strings.HasPrefix(got, "00-0af7651916cd43dd8448eb211c80319c-") || strings.Contains(got, "b7ad6b7169203331") {
		t.Errorf("traceparent is %q: the same trace, another span", got)
	}
	if records := b.records(); records[0]["trace_id"] != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the record is %v", records[0])
	}
}
