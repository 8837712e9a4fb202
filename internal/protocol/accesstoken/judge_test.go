package accesstoken_test

import (
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

type refusal struct {
	name     string
	ids      string
	typ      string // "" means at+jwt
	claims   map[string]any
	expect   func(*accesstoken.Expect)
	sentence string
}

var refusals = []refusal{
	{name: "RS6 typ of an ID token", ids: "RS6", typ: "JWT", claims: goodClaims(), sentence: "The token is not an access token."},
	{name: "RS6 typ of a logout token", ids: "RS6", typ: "logout+jwt", claims: goodClaims(), sentence: "The token is not an access token."},
	{name: "RS6 marker claim absent", ids: "RS6", typ: "JWT", claims: goodClaims(), expect: keycloak, sentence: "The token is not an access token."},
	{name: "RS6 marker claim of an ID token", ids: "RS6", typ: "JWT", claims: with("typ", "ID"), expect: keycloak, sentence: "The token is not an access token."},
	{name: "RS6 marker claim is no text", ids: "RS6", typ: "JWT", claims: with("typ", 7), expect: keycloak, sentence: "The token is not an access token."},
	{name: "RS6 iss of another", ids: "RS6", claims: with("iss", "https://evil.example"), sentence: "The access token is from another issuer."},
	{name: "RS6 iss with a final slash", ids: "RS6", claims: with("iss", issuer+"/"), sentence: "The access token is from another issuer."},
	{name: "RS6 iss missing and none expected", ids: "RS6", claims: lacking("iss"), expect: func(e *accesstoken.Expect) { e.Issuer = "" }, sentence: "The access token is from another issuer."},
	{name: "RS6 aud of another API", ids: "RS6", claims: with("aud", "https://other.example"), sentence: "The access token is for another API."},
	{name: "RS6 aud array without this API", ids: "RS6", claims: with("aud", []string{"https://a.example", "https://b.example"}), sentence: "The access token is for another API."},
	{name: "RS6 aud missing and none expected", ids: "RS6", claims: lacking("aud"), expect: func(e *accesstoken.Expect) { e.Audience = "" }, sentence: "The access token is for another API."},
	{name: "RS6 exp missing", ids: "RS6", claims: lacking("exp"), sentence: "The access token has no expiry time."},
	{name: "RS6 exp 60 s ago", ids: "RS6", claims: with("exp", now.Add(-60*time.Second).Unix()), sentence: "The access token has expired."},
	{name: "RS6 exp 1 s ago without skew", ids: "RS6", claims: with("exp", now.Add(-time.Second).Unix()), expect: func(e *accesstoken.Expect) { e.Skew = 0 }, sentence: "The access token has expired."},
	{name: "RS6 nbf 61 s ahead", ids: "RS6", claims: with("nbf", now.Add(61*time.Second).Unix()), sentence: "The access token is not valid yet."},
	{name: "RS6 iat 61 s ahead", ids: "RS6", claims: with("iat", now.Add(61*time.Second).Unix()), sentence: "The access token was issued in the future."},
	{name: "RS6 iat missing", ids: "RS6 AS69", claims: lacking("iat"), sentence: "The access token does not say when it was issued."},
	{name: "RS6 sub missing", ids: "RS6 AS69", claims: lacking("sub"), sentence: "The access token has no subject."},
	{name: "RS6 client_id missing", ids: "RS6 AS69", claims: lacking("client_id"), sentence: "The access token names no client."},
	{name: "RS6 jti missing", ids: "RS6 AS69", claims: lacking("jti"), sentence: "The access token has no identifier."},
}

func keycloak(e *accesstoken.Expect) {
	e.Types = []string{"JWT"}
	e.Marker = accesstoken.Marker{Claim: "typ", Value: "Bearer"}
}

func (r refusal) run(t testing.TB, s *jose.Signer) error {
	typ, e := accesstoken.Type, expectation()
	if r.typ != "" {
		typ = r.typ
	}
	if r.expect != nil {
		r.expect(&e)
	}
	return check(sign(t, s, typ, r.claims), es256, jose.NewKeySet(s.Public()), e)
}

func TestJudge_RS6_RefusalsByReason(t *testing.T) {
	s := newSigner(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			if err := r.run(t, s); !refused(err, "RS6", r.sentence) {
				t.Errorf("got %v, want RS6 invalid_token: %s", err, r.sentence)
			}
		})
	}
}

func TestJudge_RS6_Accepts(t *testing.T) {
	s := newSigner(t)
	cases := []refusal{
		{name: "RS6 a good token", claims: goodClaims()},
		{name: "RS6 typ in capitals", typ: "AT+JWT", claims: goodClaims()},
		{name: "RS6 typ with its media type", typ: "application/at+jwt", claims: goodClaims()},
		{name: "RS6 aud array with this API", claims: with("aud", []string{"https://a.example", audience})},
		{name: "RS6 exp 59 s ago", claims: with("exp", now.Add(-59*time.Second).Unix())},
		{name: "RS6 nbf 60 s ahead", claims: with("nbf", now.Add(60*time.Second).Unix())},
		{name: "RS6 iat 60 s ahead", claims: with("iat", now.Add(60*time.Second).Unix())},
		{name: "RS8 unknown claims", claims: with("acr_of_another_world", map[string]any{"a": 1})},
		{name: "RS6 typ of Keycloak with its marker", typ: "JWT", claims: with("typ", "Bearer"), expect: keycloak},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t, s); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// A mistake of ours in the expectation is a plain error, which denies (RS25),
// and never a pass.
func TestJudge_RS6_RS25_MistakenExpectationDenies(t *testing.T) {
	s := newSigner(t)
	cases := []refusal{
		{name: "RS6 skew beyond 60 s", claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Skew = 61 * time.Second }},
		{name: "RS6 negative skew", claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Skew = -time.Second }},
		{name: "RS6 a typ of its own without a marker", typ: "JWT", claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Types = []string{"JWT"} }},
		{name: "RS6 a marker without a value", claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Marker.Claim = "typ" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if r := oauth.AsRefusal(c.run(t, s)); r.Rule != "RS25" || r.Code != oauth.ServerError {
				t.Errorf("got %v, want RS25 server_error", r)
			}
		})
	}
	t.Run("RS6 an empty list of types accepts none", func(t *testing.T) {
		r := refusal{claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Types = []string{} }}
		if err := r.run(t, s); !refused(err, "RS6", "The token is not an access token.") {
			t.Errorf("got %v", err)
		}
	})
}

func TestJudge_RS6_AS69_EveryStepIsHeld(t *testing.T) {
	s := newSigner(t)
	var cases []leaveout.Case
	for _, r := range refusals {
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool {
			return refused(r.run(t, s), "RS6", r.sentence)
		}})
	}
	wide := refusal{claims: goodClaims(), expect: func(e *accesstoken.Expect) { e.Skew = time.Hour }}
	cases = append(cases, leaveout.Case{Name: "RS6 skew beyond 60 s", IDs: "RS6", Holds: func() bool { return wide.run(t, s) != nil }})
	leaveout.EachStep(t, accesstoken.Steps(), accesstoken.WithoutStep, cases)
}
