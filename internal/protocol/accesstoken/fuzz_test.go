package accesstoken_test

import (
	"testing"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// FuzzParseVerifyJudge feeds whatever may stand in an Authorization header to
// the three parts. Without the issuer's private key nothing may pass, and every
// refusal of a token is invalid_token.
func FuzzParseVerifyJudge(f *testing.F) {
	s, stranger := newSigner(f), newSigner(f)
	set := jose.NewKeySet(s.Public())
	good := sign(f, s, accesstoken.Type, goodClaims())
	f.Add(sign(f, stranger, accesstoken.Type, goodClaims()))
	f.Add(damaged(good))
	f.Add(unsigned("none"))
	f.Add(hmacByPublicKey(f, s))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, raw string) {
		err := check(raw, es256, set, expectation())
		if err == nil {
			t.Fatalf("passed without the issuer's key: %q", raw)
		}
		if r := oauth.AsRefusal(err); r.Code != oauth.InvalidToken {
			t.Fatalf("refused as %v, want invalid_token", r)
		}
	})
}

// FuzzClaims signs whatever payload comes, so that judging sees more than
// signatures that fail: what passes must hold what a token must hold.
func FuzzClaims(f *testing.F) {
	s := newSigner(f)
	set := jose.NewKeySet(s.Public())
	f.Add([]byte(`{"iss":"https://as.example","sub":"p","aud":"https://api.example","client_id":"p","jti":"1","iat":1800000000,"exp":1800000600}`))
	f.Add([]byte(`{"iss":"https://as.example","aud":["https://api.example"],"exp":1e30}`))
	f.Add([]byte(`{"iss":"https://as.example","aud":["https://api.example"],"exp":-1,"nbf":"x"}`))
	f.Add([]byte(`{"cnf":{"jkt":"a","x5t#S256":"b"},"exp":null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		raw, err := s.Sign(accesstoken.Type, rawJSON(payload))
		if err != nil {
			return // not JSON: nobody could have sent it signed
		}
		unverified, err := accesstoken.Parse(raw)
		if err != nil {
			return
		}
		verified, err := unverified.Verify(es256, set)
		if err != nil {
			return
		}
		if accesstoken.Judge(verified, expectation(), now) != nil {
			return
		}
		c := verified.Claims()
		if c.Issuer != issuer || !c.Audience.Has(audience) || c.Expires == nil || c.Subject == "" || c.ClientID == "" || c.ID == "" {
			t.Fatalf("judged good: %+v", c)
		}
	})
}

// rawJSON is a payload that is already written.
type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
