package fapiclient_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse.example/fapiclient"
	"gatehouse.example/internal/leaveout"
	"gatehouse.example/oauth"
)

const discovered = "as.example GET /.well-known/oauth-authorization-server/bank: metadata"

func TestClientCredentials_CL1_CL4_CL16_PrivateKeyJWTAndDPoP(t *testing.T) {
	s := newSetup(t, atNoon)
	token, err := s.client(t).ClientCredentials(t.Context(), fapiclient.TokenRequest{
		Scope: "accounts.read payments.write", Resource: []string{"https://api.example"}, Audience: []string{"a", "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	// The fake has checked the assertion (aud = issuer) and the proof.
	wantLines(t, s.lines(), discovered,
		"as.example POST /bank/token: token scope=accounts.read payments.write resource=https://api.example audience=a,b")
	at, ok := token.Expires()
	if token.Type() != "DPoP" || token.Bound() != "jkt:"+s.dpop.Thumbprint() || !ok || !at.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("token is %s, %s, %v %v", token.Type(), token.Bound(), at, ok)
	}
	if token.Scope().String() != "accounts.read payments.write" {
		t.Errorf("scope is %q", token.Scope())
	}
	if token.Reveal() != "at.1" {
		t.Errorf("token is %s", token.Reveal())
	}
}

func TestClientCredentials_CL1_CL6_CertificateUsesTheAlias(t *testing.T) {
	s := newSetup(t, atNoon)
	token, err := s.mtlsClient(t).ClientCredentials(t.Context(), fapiclient.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, s.lines(), discovered, "mtls.as.example POST /bank/token: token scope= resource= audience=")
	if token.Type() != "Bearer" || !strings.HasPrefix(token.Bound(), "x5t#S256:") {
		t.Errorf("token is %s, %s", token.Type(), token.Bound())
	}
	t.Run("CL6 no alias, the endpoint itself", func(t *testing.T) {
		s := newSetup(t, atNoon)
		s.metadata = map[string]any{"mtls_endpoint_aliases": nil, "token_endpoint": "https://mtls.as.example/bank/token"}
		if _, err := s.mtlsClient(t).ClientCredentials(t.Context(), fapiclient.TokenRequest{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("CL6 certificate, but bound to a DPoP key: the proof names the alias", func(t *testing.T) {
		s := newSetup(t, atNoon)
		cfg := s.config(t)
		cfg.Authentication = fapiclient.TLSClient(issue("partner-1", x509.ExtKeyUsageClientAuth))
		token, err := newClient(t, cfg).ClientCredentials(t.Context(), fapiclient.TokenRequest{})
		if err != nil || token.Type() != "DPoP" {
			t.Fatal(token, err)
		}
		wantLines(t, s.lines(), discovered, "mtls.as.example POST /bank/token: token scope= resource= audience=")
	})
	t.Run("CL6 assertion, but bound to a certificate", func(t *testing.T) {
		s := newSetup(t, atNoon)
		cfg := s.config(t)
		cfg.Binding = fapiclient.Certificate(issue("partner-1", x509.ExtKeyUsageClientAuth))
		if _, err := newClient(t, cfg).ClientCredentials(t.Context(), fapiclient.TokenRequest{}); err != nil {
			t.Fatal(err)
		}
		wantLines(t, s.lines(), discovered, "mtls.as.example POST /bank/token: token scope= resource= audience=")
	})
}

func TestClientCredentials_CL7_NonceAtTheTokenEndpoint(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	get := func() error {
		_, err := c.ClientCredentials(t.Context(), fapiclient.TokenRequest{})
		return err
	}
	const refused, served = "as.example POST /bank/token: use_dpop_nonce: a nonce is needed", "as.example POST /bank/token: token scope= resource= audience="

	t.Run("CL7 one retry with the nonce, new assertion, new proof", func(t *testing.T) {
		s.tokenNonce = "n-1"
		if err := get(); err != nil {
			t.Fatal(err)
		}
		wantLines(t, s.lines(), discovered, refused, served)
	})
	t.Run("CL7 the nonce is remembered", func(t *testing.T) {
		if err := get(); err != nil {
			t.Fatal(err)
		}
		wantLines(t, s.lines(), discovered, refused, served, served)
	})
	t.Run("CL7 a server that asks for ever is asked twice", func(t *testing.T) {
		asked := 0
		s.token = func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("DPoP-Nonce", fmt.Sprint("loop-", asked))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"error":"use_dpop_nonce"}`))
		}
		err := get()
		var refusal *fapiclient.ServerError
		if !errors.As(err, &refusal) || refusal.Code != oauth.UseDPoPNonce || asked != 2 {
			t.Fatalf("asked %d times: %v", asked, err)
		}
	})
	for _, c := range []struct {
		name   string
		nonces []string
	}{
		{"CL7 no nonce given", nil},
		{"CL7 two nonces given", []string{"a", "b"}},
		{"CL7 a nonce with a quotation mark", []string{`a"b`}},
		{"CL7 a nonce of 1025 bytes", []string{strings.Repeat("n", 1025)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			s.token = func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header()["Dpop-Nonce"] = c.nonces
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(400)
				_, _ = w.Write([]byte(`{"error":"use_dpop_nonce"}`))
			}
			if err := get(); err == nil || asked != 1 {
				t.Fatalf("asked %d times: %v", asked, err)
			}
		})
	}
	t.Run("CL7 other refusals are not retried", func(t *testing.T) {
		asked := 0
		s.token = func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("DPoP-Nonce", "n-9")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"error":"invalid_scope","error_description":"no\u001b[31m such\nscope"}`))
		}
		err := get()
		var refusal *fapiclient.ServerError
		if !errors.As(err, &refusal) || asked != 1 || refusal.Code != oauth.InvalidScope || refusal.Status != 400 {
			t.Fatalf("asked %d times: %v", asked, err)
		}
		if refusal.Error() != "the authorization server answered 400 invalid_scope: no [31m such scope" {
			t.Errorf("got %q", refusal)
		}
	})
}

// tokenCases are answers of the token endpoint that a DPoP client must not
// believe.
var tokenCases = []struct {
	name, rule, reason string
	answer             *fapiclient.Answer
}{
	{"CL8 redirect", "CL8", "The token endpoint answered with a redirect, which is never followed.", jsonAnswer(307, goodToken)},
	{"CL16 the server refuses", "", "the authorization server answered 400 invalid_client", jsonAnswer(400, `{"error":"invalid_client","access_token":"at","token_type":"DPoP"}`)},
	{"CL16 status 201", "", "the authorization server answered 201", jsonAnswer(201, goodToken)},
	{"CL16 HTML", "CL16", "The token endpoint's answer is not sent as application/json.", &fapiclient.Answer{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(goodToken)}},
	{"CL16 not JSON", "CL16", "The token endpoint's answer is not well-formed JSON.", jsonAnswer(200, `access_token=at&token_type=DPoP`)},
	{"CL16 a member twice", "CL16", "The token endpoint's answer is not well-formed JSON.", jsonAnswer(200, `{"access_token":"at","token_type":"Bearer","token_type":"DPoP"}`)},
	{"CL16 expires_in a string", "CL16", "The token endpoint's answer is not well-formed JSON.", jsonAnswer(200, `{"access_token":"at","token_type":"DPoP","expires_in":"600"}`)},
	{"CL16 no access_token", "CL16", noToken, jsonAnswer(200, `{"token_type":"DPoP"}`)},
	{"CL16 empty access_token", "CL16", noToken, jsonAnswer(200, `{"access_token":"","token_type":"DPoP"}`)},
	{"CL2 line break in access_token", "CL16", noToken, jsonAnswer(200, `{"access_token":"at\r\nX: y","token_type":"DPoP"}`)},
	{"CL2 space in access_token", "CL16", noToken, jsonAnswer(200, `{"access_token":"at bt","token_type":"DPoP"}`)},
	{"CL2 access_token of 16 KiB and one", "CL16", noToken, jsonAnswer(200, `{"access_token":"`+strings.Repeat("a", 16<<10+1)+`","token_type":"DPoP"}`)},
	{"CL1 downgrade to an unbound token", "CL1", wrongType, jsonAnswer(200, `{"access_token":"at","token_type":"Bearer"}`)},
	{"CL16 no token_type", "CL1", wrongType, jsonAnswer(200, `{"access_token":"at"}`)},
	{"CL16 unknown token_type", "CL1", wrongType, jsonAnswer(200, `{"access_token":"at","token_type":"N_A"}`)},
	{"CL16 expires_in zero", "CL16", noLifetime, jsonAnswer(200, `{"access_token":"at","token_type":"DPoP","expires_in":0}`)},
	{"CL16 expires_in negative", "CL16", noLifetime, jsonAnswer(200, `{"access_token":"at","token_type":"DPoP","expires_in":-1}`)},
	{"CL16 expires_in beyond time", "CL16", noLifetime, jsonAnswer(200, `{"access_token":"at","token_type":"DPoP","expires_in":9223372036854775807}`)},
	{"CL16 malformed scope", "CL16", "The token's scope is malformed.", jsonAnswer(200, `{"access_token":"at","token_type":"DPoP","scope":"a  b"}`)},
}

const (
	goodToken  = `{"access_token":"at","token_type":"DPoP"}`
	noToken    = "The token endpoint's answer has no access_token that fits into a header."
	wrongType  = "The token is not of the type that this client's binding needs."
	noLifetime = "The token's expires_in is not a lifetime."
)

// refusedAs tells whether err is the stop, or, for an empty rule, the server's
// own refusal with that text.
func refusedAs(err error, rule, reason string) bool {
	var refusal *fapiclient.ServerError
	if rule == "" {
		return errors.As(err, &refusal) && refusal.Error() == reason
	}
	return stopped(err, rule, reason)
}

func TestJudgeToken_CL1_CL2_CL8_CL16_RefusalsByReason(t *testing.T) {
	c := newSetup(t, atNoon).client(t)
	for _, tc := range tokenCases {
		t.Run(tc.name, func(t *testing.T) {
			token, err := c.JudgeToken(tc.answer)
			if !refusedAs(err, tc.rule, tc.reason) || token != nil {
				t.Errorf("got %v, %v\nwant %s %s", token, err, tc.rule, tc.reason)
			}
		})
	}
	t.Run("CL16 absent expires_in is tolerated, case does not matter", func(t *testing.T) {
		token, err := c.JudgeToken(jsonAnswer(200, `{"access_token":"at","token_type":"dPoP"}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := token.Expires(); ok || token.Type() != "DPoP" {
			t.Error("the token has an end, or an odd type")
		}
	})
}

func TestJudgeToken_CL1_CL16_BearerOnlyForCertificates(t *testing.T) {
	c := newSetup(t, atNoon).mtlsClient(t)
	_, err := c.JudgeToken(jsonAnswer(200, goodToken))
	wantStop(t, err, "CL1", wrongType)
	if token, err := c.JudgeToken(jsonAnswer(200, `{"access_token":"at","token_type":"bearer"}`)); err != nil || token.Type() != "Bearer" {
		t.Error(token, err)
	}
}

func TestJudgeToken_CL1_CL2_CL8_CL16_EveryStepIsNeeded(t *testing.T) {
	c := newSetup(t, atNoon).client(t)
	var cases []leaveout.Case
	for _, tc := range tokenCases {
		id, _, _ := strings.Cut(tc.name, " ")
		cases = append(cases, leaveout.Case{Name: tc.name, IDs: id, Holds: func() bool {
			_, err := c.JudgeToken(tc.answer)
			return refusedAs(err, tc.rule, tc.reason)
		}})
	}
	leaveout.EachStep(t, fapiclient.TokenSteps(), fapiclient.WithoutTokenStep, cases)
}

func TestSendClientCredentials_CL1_MalformedScopeIsNotSent(t *testing.T) {
	s := newSetup(t, atNoon)
	_, err := s.client(t).ClientCredentials(t.Context(), fapiclient.TokenRequest{Scope: "a  b"})
	wantStop(t, err, "CL1", "The scope is not a list of scopes separated by one space.")
	wantLines(t, s.lines(), discovered)
}

func TestToken_CL2_NeverPrints(t *testing.T) {
	token, err := newSetup(t, atNoon).client(t).JudgeToken(jsonAnswer(200, `{"access_token":"sesame","token_type":"DPoP"}`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%v %+v %#v %s %q %x %d ", token, token, token, token, token, token, token)
	_, _ = fmt.Fprintf(&b, "%v %+v %#v %s ", *token, *token, *token, *token)
	asJSON, _ := json.Marshal(map[string]any{"t": token, "v": *token})
	b.Write(asJSON)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "t", token, "v", *token)
	if out := b.String(); strings.Contains(out, "sesame") || strings.Contains(out, "736573616d65") || !strings.Contains(out, "[redacted]") {
		t.Errorf("CL2 the token is printed: %s", out)
	}
}

// Whatever the token endpoint says, a token that is believed fits into a
// header and is of the binding's type.
func FuzzJudgeToken(f *testing.F) {
	c := newSetup(f, atNoon).client(f)
	f.Add(200, "application/json", []byte(goodToken))
	f.Add(400, "application/json", []byte(`{"error":"use_dpop_nonce","error_description":"again"}`))
	f.Fuzz(func(t *testing.T, status int, mediaType string, body []byte) {
		token, err := c.JudgeToken(&fapiclient.Answer{Status: status, Header: http.Header{"Content-Type": {mediaType}}, Body: body})
		if err != nil {
			if token != nil || strings.ContainsAny(err.Error(), "\x00\x1b\r") {
				t.Fatalf("got %v, %q", token, err)
			}
			return
		}
		if v := token.Reveal(); status != 200 || v == "" || len(v) > 16<<10 || strings.ContainsAny(v, " \t\r\n\"\\,;") || token.Type() != "DPoP" {
			t.Fatalf("believed %q of type %s", v, token.Type())
		}
	})
}
