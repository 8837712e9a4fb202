package assertion_test

import (
	"testing"

	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// FuzzVerify feeds whatever may stand in the header to the whole check.
// Without the gateway's private key nothing may pass.
func FuzzVerify(f *testing.F) {
	s, stranger := newSigner(f), newSigner(f)
	set := jose.NewKeySet(s.Public())
	f.Add(sign(f, stranger, assertion.Type, goodClaims()))
	f.Add(damage(sign(f, s, assertion.Type, goodClaims())))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := assertion.Verify(raw, es256, set, expect, now)
		if err == nil || got != (assertion.Caller{}) {
			t.Fatalf("passed without the gateway's key: %q", raw)
		}
		if r := oauth.AsRefusal(err); r.Code != oauth.InvalidToken {
			t.Fatalf("refused as %v, want invalid_token", r)
		}
	})
}

// FuzzVerifyClaims signs whatever payload comes: what passes must be for this
// call, and from a caller that is whole or nobody.
func FuzzVerifyClaims(f *testing.F) {
	s := newSigner(f)
	set := jose.NewKeySet(s.Public())
	f.Add([]byte(`{"iss":"https://gateway.example","aud":"https://bank.example","htm":"GET","htu":"https://bank.example/accounts/1","jti":"1","iat":1800000000,"exp":1800000060}`))
	f.Add([]byte(`{"iss":"https://gateway.example","aud":["https://bank.example"],"htm":"GET","exp":1e30,"iat":-1}`))
	f.Add([]byte(`{"client_id":"p","cnf":{"jkt":"a","x5t#S256":"b"},"exp":null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		raw, err := s.Sign(assertion.Type, rawJSON(payload))
		if err != nil {
			return // not JSON: nobody could have sent it signed
		}
		got, err := assertion.Verify(raw, es256, set, expect, now)
		if err != nil {
			return
		}
		again, err := assertion.Sign(s, gateway, got, call, now)
		if err != nil {
			t.Fatalf("%s passed with a caller that cannot be asserted: %+v", payload, got)
		}
		if same, err := assertion.Verify(again, es256, set, expect, now); err != nil || same != got {
			t.Fatalf("%s: the caller %+v came back as %+v, %v", payload, got, same, err)
		}
	})
}

// rawJSON is a payload that is already written.
type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
