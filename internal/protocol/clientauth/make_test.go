package clientauth_test

import (
	"testing"
	"time"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
)

func TestNewAssertion_AS9_CL4_IsWhatTheCheckerAsksFor(t *testing.T) {
	k := newKeys(t)
	seen := map[string]bool{}
	for range 3 {
		raw, err := clientauth.NewAssertion(k.signer, clientID, issuer, now)
		if err != nil {
			t.Fatal(err)
		}
		who, err := authenticate(asserting(t, raw), nil, mtls.Certificate{}, k.client, nil)
		if err != nil {
			t.Fatalf("AS9 our own assertion is refused: %v", err)
		}
		jti, until, ok := who.AssertionID()
		if !ok || seen[jti] || len(jti) < 22 {
			t.Errorf("AS9 jti %q, seen before: %v", jti, seen[jti])
		}
		seen[jti] = true
		if want := now.Add(time.Minute + 30*time.Second); !until.Equal(want) {
			t.Errorf("AS9 to be remembered until %s, want exp and skew: %s", until, want)
		}
		token, err := jose.Parse(raw, []string{"ES256"}, 8<<10)
		if err != nil || token.Header.Type != "client-authentication+jwt" || token.Header.KeyID != "key-1" {
			t.Errorf("header %+v, %v", token.Header, err)
		}
	}
}

func TestAuthenticated_AS9_ZeroValuePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a zero Authenticated answered")
		}
	}()
	_ = clientauth.Authenticated{}.ClientID()
}
