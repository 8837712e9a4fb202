package clientauth_test

import (
	"net/url"
	"testing"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// FuzzReadCheck feeds whole request bodies. Without the client's private key
// nothing may pass, and every refusal is one of client authentication.
func FuzzReadCheck(f *testing.F) {
	k := newKeys(f)
	body := func(assertion string) string {
		return url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID},
			"client_assertion_type": {oauth.AssertionTypeJWT}, "client_assertion": {assertion},
		}.Encode()
	}
	f.Add(body(sign(f, k.stranger, "JWT", goodClaims())), "")
	f.Add(body(unsigned()), "")
	f.Add(body(hmacByPublicKey(f, k.signer)), "")
	f.Add("client_id=partner&client_secret=s", "Basic cDpz")
	f.Fuzz(func(t *testing.T, body, authorization string) {
		p, err := oauth.ParseParameters(body)
		if err != nil {
			return
		}
		var headers []string
		if authorization != "" {
			headers = []string{authorization}
		}
		for _, client := range []clientauth.Client{k.client, clientauth.Decoy()} {
			_, err = authenticate(p, headers, mtls.Certificate{}, client, nil)
			if err == nil {
				t.Fatalf("authenticated without the client's key: %q", body)
			}
			if r := oauth.AsRefusal(err); r.Code != oauth.InvalidClient && r.Code != oauth.InvalidRequest {
				t.Fatalf("refused as %v", r)
			}
		}
	})
}

// FuzzAssertionClaims signs whatever payload comes by the registered key: what
// passes must hold what an assertion must hold.
func FuzzAssertionClaims(f *testing.F) {
	k := newKeys(f)
	f.Add([]byte(`{"iss":"partner","sub":"partner","aud":"https://as.example","jti":"1","exp":1800000060}`))
	f.Add([]byte(`{"iss":"partner","sub":"partner","aud":["https://as.example"],"jti":"1","exp":1800000060}`))
	f.Add([]byte(`{"iss":"partner","sub":"partner","aud":"https://as.example","jti":"","exp":9e99,"nbf":-1}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		raw, err := k.signer.Sign("JWT", rawJSON(payload))
		if err != nil {
			return // not JSON: nobody could have sent it signed
		}
		who, err := authenticate(asserting(t, raw), nil, mtls.Certificate{}, k.client, nil)
		if err != nil {
			return
		}
		jti, until, ok := who.AssertionID()
		if !ok || jti == "" || who.ClientID() != clientID || !until.After(now) {
			t.Fatalf("passed: %s", payload)
		}
	})
}

// rawJSON is a payload that is already written.
type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
