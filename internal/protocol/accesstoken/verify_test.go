package accesstoken_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
)

func TestParse_RS6_C1_RefusalsByReason(t *testing.T) {
	s := newSigner(t)
	good := sign(t, s, accesstoken.Type, goodClaims())
	parts := strings.Split(good, ".")
	payload := func(json string) string {
		return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(json)) + "." + parts[2]
	}
	header := func(v map[string]any) string { return encode(v) + "." + parts[1] + "." + parts[2] }
	const malformed, algorithm = "The access token is malformed.", "The access token is signed by an algorithm that is not allowed."
	for _, c := range []struct{ name, raw, sentence string }{
		{"RS6 alg none", unsigned("none"), algorithm},
		{"RS6 alg None in capitals", unsigned("NONE"), algorithm},
		{"RS6 HS256 under the public key", hmacByPublicKey(t, s), algorithm},
		{"RS6 no alg", encode(map[string]any{"typ": accesstoken.Type}) + "." + parts[1] + "." + parts[2], algorithm},
		{"RS6 crit header", header(map[string]any{"alg": "ES256", "crit": []string{"exp"}, "exp": 1}), malformed},
		{"RS6 b64 header", header(map[string]any{"alg": "ES256", "b64": false}), malformed},
		{"RS6 larger than 16 KiB", payload(`{"pad":"` + strings.Repeat("x", 16<<10) + `"}`), "The access token is too large."},
		{"RS6 empty", "", malformed},
		{"RS6 two parts", parts[0] + "." + parts[1], malformed},
		{"RS6 JSON serialisation", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, malformed},
		{"RS6 payload is not JSON", payload("hello"), malformed},
		{"RS6 payload is an array", payload("[]"), malformed},
		{"RS6 iss twice", payload(`{"iss":"https://as.example","iss":"https://evil.example"}`), malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := accesstoken.Parse(c.raw); !refused(err, "RS6", c.sentence) {
				t.Errorf("got %v, want RS6: %s", err, c.sentence)
			}
		})
	}
}

func TestVerify_RS2_C7_RefusalsByReason(t *testing.T) {
	s, stranger := newSigner(t), newSigner(t)
	good := sign(t, s, accesstoken.Type, goodClaims())
	set := jose.NewKeySet(s.Public())
	const signature, algorithm = "The access token's signature does not verify.", "The access token is signed by an algorithm that is not allowed."
	sameKid := stranger.Public()
	sameKid.KeyID = s.Public().KeyID
	for _, c := range []struct {
		name, raw, rule, sentence string
		algs                      []string
		set                       jose.KeySet
		noKey                     bool
	}{
		{"RS2 signed by a stranger", sign(t, stranger, accesstoken.Type, goodClaims()), "RS2", signature, es256, set, true},
		{"RS2 a stranger's key under our kid", good, "RS2", signature, es256, jose.NewKeySet(sameKid), false},
		{"RS2 payload changed", damaged(good), "RS2", signature, es256, set, false},
		{"RS2 no keys at all", good, "RS2", signature, es256, jose.KeySet{}, true},
		{"C7 the issuer is pinned to another algorithm", good, "RS6", algorithm, []string{"PS256"}, set, false},
		{"C7 the issuer is pinned to nothing", good, "RS6", algorithm, nil, set, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			unverified, err := accesstoken.Parse(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			_, err = unverified.Verify(c.algs, c.set)
			if !refused(err, c.rule, c.sentence) || errors.Is(err, jose.ErrNoKey) != c.noKey {
				t.Errorf("got %v, want %s: %s, no key %v", err, c.rule, c.sentence, c.noKey)
			}
		})
	}
}

// damaged replaces the payload by one that claims more.
func damaged(raw string) string {
	parts := strings.Split(raw, ".")
	return parts[0] + "." + encode(with("scope", "accounts.read payments.write")) + "." + parts[2]
}

func TestVerify_C1_RS256OnlyWhereAnIssuerAllowsIt(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw := rs256(t, key)
	public := publicSet(t, key)
	unverified, err := accesstoken.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unverified.Verify([]string{"ES256", "PS256", "EdDSA"}, public); !refused(err, "RS6", "The access token is signed by an algorithm that is not allowed.") {
		t.Errorf("C1 under FAPI: got %v", err)
	}
	if _, err := unverified.Verify([]string{"RS256"}, public); err != nil {
		t.Errorf("C1 outside IdP that is configured for RS256: %v", err)
	}
}

func TestVerified_RS6_ZeroValuePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a zero Verified answered")
		}
	}()
	_ = accesstoken.Judge(accesstoken.Verified{}, expectation(), now)
}

func TestParse_RS6_KeepsWhatChoosesTheIssuer(t *testing.T) {
	s := newSigner(t)
	unverified, err := accesstoken.Parse(sign(t, s, accesstoken.Type, goodClaims()))
	if err != nil {
		t.Fatal(err)
	}
	if unverified.Issuer() != issuer || unverified.Header().KeyID != s.Public().KeyID {
		t.Errorf("issuer %q, kid %q", unverified.Issuer(), unverified.Header().KeyID)
	}
	verified, err := unverified.Verify(es256, jose.NewKeySet(s.Public()))
	if err != nil {
		t.Fatal(err)
	}
	public := s.Public()
	thumbprint, err := jose.Thumbprint(&public)
	if err != nil {
		t.Fatal(err)
	}
	if verified.KeyThumbprint() != thumbprint || verified.KeyID() != public.KeyID || verified.Size() <= 0 {
		t.Errorf("key thumbprint %q, kid %q, size %d", verified.KeyThumbprint(), verified.KeyID(), verified.Size())
	}
	if c := verified.Claims(); c.Confirmation == nil || c.Confirmation.JKT != "key-thumbprint" {
		t.Errorf("cnf is %+v", c.Confirmation)
	}
}
