package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

// refusal is a request that must not pass: what the client reads, what the
// audit log says, and that nothing reached the upstream.
type refusal struct {
	name   string // begins with the rule in the audit record
	ids    string
	status int
	code   oauth.Code
	make   func(*bed) *http.Request
	any    bool // on a listener that admits any certificate
}

func get(target string, edit func(*bed, *http.Request)) func(*bed) *http.Request {
	return func(b *bed) *http.Request {
		r := b.good("GET", target, nil)
		edit(b, r)
		return r
	}
}

func plain(*bed, *http.Request) {}

func withToken(edit ...func(map[string]any)) func(*bed) *http.Request {
	return func(b *bed) *http.Request {
		return b.proved(httptest.NewRequest("GET", "/accounts", nil), b.token(edit...))
	}
}

var refusals = []refusal{
	{name: "RS25 an unknown path", ids: "RS25", status: 404, code: oauth.InvalidRequest, make: get("/nothing", plain)},
	{name: "RS25 an unknown path without a token", ids: "RS25", status: 404, code: oauth.InvalidRequest, make: func(*bed) *http.Request {
		return httptest.NewRequest("GET", "/nothing", nil)
	}},
	{name: "RS25 a method without a route", ids: "RS25", status: 405, code: oauth.InvalidRequest, make: func(b *bed) *http.Request { return b.good("DELETE", "/accounts", nil) }},
	{name: "RS25 an encoded slash", ids: "RS25", status: 400, code: oauth.InvalidRequest, make: get("/accounts/a%2Fb", plain)},
	{name: "RS25 a dot segment", ids: "RS25", status: 400, code: oauth.InvalidRequest, make: get("/accounts/../payments", plain)},
	{name: "RS25 an encoded dot segment", ids: "RS25", status: 400, code: oauth.InvalidRequest, make: get("/accounts/%2e%2e", plain)},
	{name: "RS25 a double slash", ids: "RS25", status: 400, code: oauth.InvalidRequest, make: get("/accounts//1", plain)},
	{name: "RS25 a null byte", ids: "RS25", status: 400, code: oauth.InvalidRequest, make: get("/accounts/1%00", plain)},
	{name: "RS25 an upgrade", ids: "RS25", status: 501, code: oauth.InvalidRequest, make: get("/accounts", func(_ *bed, r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
	})},
	{name: "RS25 a body that says it is too large", ids: "RS25", status: 413, code: oauth.InvalidRequest, make: func(b *bed) *http.Request {
		return b.good("POST", "/payments", strings.NewReader(strings.Repeat("a", 1<<20+1)))
	}},
	{name: "RS1 no token", ids: "RS1", status: 401, make: func(*bed) *http.Request { return httptest.NewRequest("GET", "/accounts", nil) }},
	{name: "RS1 two Authorization headers", ids: "RS1", status: 400, code: oauth.InvalidRequest, make: get("/accounts", func(_ *bed, r *http.Request) {
		r.Header["Authorization"] = append(r.Header["Authorization"], r.Header["Authorization"][0])
	})},
	{name: "RS1 a token in the query", ids: "RS1", status: 400, code: oauth.InvalidRequest, make: get("/accounts?access_token=x", plain)},
	{name: "RS6 for another API", ids: "RS6", status: 401, code: oauth.InvalidToken, make: withToken(set("aud", "https://other.example"))},
	{name: "RS6 of another issuer", ids: "RS6", status: 401, code: oauth.InvalidToken, make: withToken(set("iss", "https://evil.example"))},
	{name: "RS6 expired", ids: "RS6 RS2", status: 401, code: oauth.InvalidToken, make: withToken(set("exp", now.Add(-time.Minute).Unix()))},
	{name: "RS3 the scope is missing", ids: "RS3", status: 403, code: oauth.InsufficientScope, make: withToken(set("scope", "payments.write"))},
	{name: "RS4 the token is not bound", ids: "RS4", status: 401, code: oauth.InvalidToken, make: withToken(set("cnf", map[string]any{}))},
	{name: "RS11 a bound token as a bearer token", ids: "RS11", status: 401, code: oauth.InvalidToken, make: get("/accounts", func(_ *bed, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(r.Header.Get("Authorization"), "DPoP "))
	})},
	{name: "RS7 no proof", ids: "RS7", status: 401, code: oauth.InvalidDPoPProof, make: get("/accounts", func(_ *bed, r *http.Request) { r.Header.Del("DPoP") })},
	{name: "RS7 a proof for another path", ids: "RS7 RS18", status: 401, code: oauth.InvalidDPoPProof, make: get("/accounts", func(b *bed, r *http.Request) {
		r.Header.Set("DPoP", b.good("GET", "/accounts/1", nil).Header.Get("DPoP"))
	})},
	{name: "RS7 a proof for the host of the Host header", ids: "RS7 RS18", status: 401, code: oauth.InvalidDPoPProof, make: get("/accounts", func(b *bed, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "DPoP ")
		proof, _ := b.key.Proof("GET", "https://evil.example/accounts", token, "", now)
		r.Header.Set("DPoP", proof)
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
	})},
	{name: "RS10 a replayed proof", ids: "RS10", status: 401, code: oauth.InvalidDPoPProof, make: func(b *bed) *http.Request {
		r := b.good("GET", "/accounts", nil)
		first := b.serve(b.handler, r.Clone(r.Context()))
		if first.Code != 200 {
			b.t.Errorf("the first time: %d %s", first.Code, first.Body)
		}
		b.mu.Lock()
		b.received = nil
		b.mu.Unlock()
		return r
	}},
	{name: "RS5 the certificate of another client", ids: "RS5", status: 401, code: oauth.InvalidToken, make: func(b *bed) *http.Request {
		r := httptest.NewRequest("GET", "/accounts", nil)
		r.Header.Set("Authorization", "Bearer "+b.token(b.byCertificate()))
		return over(r, mtlstest.Peer(b.t, b.ca.Client(b.t, "other"), b.ca.Bundle(b.t)))
	}},
	{name: "RS5 an untrusted certificate with a good token", ids: "RS5", status: 401, code: oauth.InvalidToken, make: func(b *bed) *http.Request {
		return over(b.good("GET", "/accounts", nil), mtlstest.Peer(b.t, mtlstest.NewAuthority(b.t).Client(b.t, "x"), b.ca.Bundle(b.t)))
	}},
	{name: "RS5 an untrusted certificate on a public route", ids: "RS5", status: 401, code: oauth.InvalidToken, make: func(b *bed) *http.Request {
		r := httptest.NewRequest("GET", "/openapi.json", nil)
		return over(r, mtlstest.Peer(b.t, mtlstest.NewAuthority(b.t).Client(b.t, "x"), b.ca.Bundle(b.t)))
	}},
	{name: "RS4 a key's token where any certificate is admitted", ids: "RS4", status: 401, code: oauth.InvalidToken, any: true, make: func(b *bed) *http.Request {
		return over(b.good("GET", "/accounts", nil), mtlstest.Peer(b.t, b.certificate, nil))
	}},
}

// check runs the case on a bed of its own and tells what is not as stated.
func (r refusal) check(t testing.TB) (problems []string) {
	b := newBed(t)
	h := b.handler
	if r.any {
		h = b.gateway.Handler(gateway.Listener{Name: "any", Origin: origin, AnyCertificate: true})
	}
	request := r.make(b)
	w := b.serve(h, request)
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var body oauth.ErrorResponse
	if err := jose.Decode(w.Body.Bytes(), &body); err != nil || w.Code != r.status || body.Error != r.code || !strings.HasSuffix(body.Description, ".") {
		problem("the client got %d %s, want %d %s", w.Code, w.Body, r.status, r.code)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		problem("the refusal may be cached: %v", w.Header())
	}
	if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
		problem("a 401 without a challenge")
	}
	if got := w.Header().Get("WWW-Authenticate"); got != "" && r.ids == "RS25" {
		problem("a challenge %q for what no token can change", got)
	}
	if n := b.reached(); n != 0 {
		problem("%d requests reached the upstream", n)
	}
	records := b.records()
	rule, _, _ := strings.Cut(r.name, " ")
	if len(records) == 0 {
		return append(problems, "no audit record")
	}
	last := records[len(records)-1]
	if last["verdict"] != "deny" || last["rule"] != rule || last["status"] != float64(r.status) || last["event"] != "api" {
		problem("the audit record is %v", last)
	}
	return problems
}

func TestProof_RS1_RS3_RS4_RS5_RS6_RS7_RS10_RS11_RS18_RS25_RefusalsByReason(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			for _, problem := range r.check(t) {
				t.Error(problem)
			}
		})
	}
}

// The rest of the steps is held by what must be there on the way to the
// upstream.
func TestProof_RS1_RS20_RS25_EveryStepIsHeld(t *testing.T) {
	cases := []leaveout.Case{
		{Name: "RS20 the upstream is told who calls", IDs: "RS20", Holds: func() bool {
			b := newBed(t)
			w := b.serve(b.handler, b.good("GET", "/accounts", nil))
			return w.Code == 200 && len(b.last().Header[assertion.Header]) == 1 && b.last().Header.Get(assertion.Header) != ""
		}},
		{Name: "RS25 no request goes on without a record", IDs: "RS25", Holds: func() bool {
			b := newBed(t)
			_ = b.audit.Close(t.Context())
			w := b.serve(b.handler, b.good("POST", "/payments", strings.NewReader("{}")))
			return w.Code == 503 && b.reached() == 0
		}},
	}
	for _, r := range refusals {
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool { return len(r.check(t)) == 0 }})
	}
	leaveout.EachStep(t, gateway.Steps(), gateway.WithoutStep, cases)
}
