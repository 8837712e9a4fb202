package fapiclient_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse.example/fapiclient"
)

// tell collects what an observer is told.
func tell(exchanges *[]fapiclient.Exchange) fapiclient.Observer {
	return func(e fapiclient.Exchange) { *exchanges = append(*exchanges, e) }
}

func TestObserver_CL2_CL21_TellsAllButSecrets(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	s.tokenNonce, s.apiNonce = "n-token", "n-api"
	var seen []fapiclient.Exchange
	ctx := fapiclient.WithObserver(t.Context(), tell(&seen))
	if _, err := fapiclient.Discover(ctx, s.network.client(), issuer); err != nil {
		t.Fatal(err)
	}
	token, err := c.ClientCredentials(ctx, fapiclient.TokenRequest{Scope: "accounts.read"})
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	s.fake.api = func(_ http.ResponseWriter, r *http.Request) {
		secrets = append(secrets, r.Header.Get("DPoP"), strings.TrimPrefix(r.Header.Get("Authorization"), "DPoP "))
	}
	resp, err := c.Do(ctx, newRequest(t, "GET", "https://api.example/accounts?x=1", nil), token)
	status(t, resp, err)

	var summary []string
	for _, e := range seen {
		summary = append(summary, fmt.Sprintf("%s: %s %s %d", e.Purpose, e.Method, e.URL, e.Status))
	}
	wantLines(t, summary,
		"read the authorization server's metadata: GET https://as.example/.well-known/oauth-authorization-server/bank 200",
		"ask for an access token: POST https://as.example/bank/token 400",
		"ask for an access token: POST https://as.example/bank/token 200",
		"call the API: GET https://api.example/accounts?x=1 401",
		"call the API: GET https://api.example/accounts?x=1 200")
	told := inLines(seen)
	for _, secret := range append(secrets, token.Reveal(), "eyJ") {
		if len(secret) < 2 || strings.Contains(told, secret) {
			t.Errorf("CL2 %q is told in\n%s", secret, told)
		}
	}
	for _, fact := range []string{
		"client_assertion [redacted] ES256, iss=partner-1 aud=https://as.example/bank jti=", "exp=2026-11-22T12:01:00Z",
		"DPoP [redacted] ES256, jkt=" + s.dpop.Thumbprint() + " jti=", "htu=https://api.example/accounts iat=2026-11-22T12:00:00Z nonce=n-api",
		"Authorization DPoP [redacted]", "access_token [redacted]", "expires_in 10m0s", "error use_dpop_nonce", "DPoP-Nonce n-token", "scope accounts.read",
	} {
		if !strings.Contains(told, fact) {
			t.Errorf("%q is not told in\n%s", fact, told)
		}
	}
}

func inLines(seen []fapiclient.Exchange) string {
	var b strings.Builder
	for _, e := range seen {
		for _, f := range append(e.Sent, e.Received...) {
			b.WriteString(f.Name + " " + f.Value + "\n")
		}
	}
	return b.String()
}

func TestObserver_CL8_IsToldOfFailures(t *testing.T) {
	s := newSetup(t, atNoon)
	var seen []fapiclient.Exchange
	_, err := fapiclient.Discover(fapiclient.WithObserver(t.Context(), tell(&seen)), s.network.client(), "https://nowhere.example")
	if err == nil || len(seen) != 1 || seen[0].Status != 0 || seen[0].Err == nil {
		t.Errorf("got %v, %+v", err, seen)
	}
}
