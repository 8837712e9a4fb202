package clientauth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// keys are made once; what differs from case to case is the assertion.
type keys struct {
	signer, stranger *jose.Signer
	edwards          *jose.Signer // registered as well, under an algorithm that is not the pinned one
	rsa              *rsa.PrivateKey
	client           clientauth.Client
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	k := &keys{signer: newSigner(t, "key-1"), stranger: newSigner(t, "key-1"), edwards: edwardsSigner(t, "key-2")}
	var err error
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	k.client = clientauth.Client{
		ID: clientID, Method: oauth.AuthPrivateKeyJWT, Algorithm: "ES256",
		Keys: jose.NewKeySet(k.signer.Public(), k.edwards.Public(), newSigner(t, "key-3").Public(), gojose.JSONWebKey{Key: k.rsa.Public(), KeyID: "key-4"}),
	}
	return k
}

// attempt is one request by assertion against one registration.
type attempt struct {
	name, ids string
	assertion func(t testing.TB, k *keys) string
	more      []string                                             // further parameters
	client    func(k *keys, c clientauth.Client) clientauth.Client // nil: as registered
	rule      string
	sentence  string
}

func claims(c map[string]any) func(testing.TB, *keys) string {
	return func(t testing.TB, k *keys) string { return sign(t, k.signer, "JWT", c) }
}

func typed(typ string) func(testing.TB, *keys) string {
	return func(t testing.TB, k *keys) string { return sign(t, k.signer, typ, goodClaims()) }
}

func (a attempt) run(t testing.TB, k *keys) error {
	c := k.client
	if a.client != nil {
		c = a.client(k, c)
	}
	_, err := authenticate(asserting(t, a.assertion(t, k), a.more...), nil, mtls.Certificate{}, c, nil)
	return err
}

func at(d time.Duration) int64 { return now.Add(d).Unix() }

const algorithmSentence = "The client assertion is signed by an algorithm that is not allowed."

var assertionRefusals = []attempt{
	{name: "C1 alg none", ids: "C1 AS9", assertion: func(testing.TB, *keys) string { return unsigned() }, rule: "C1", sentence: algorithmSentence},
	{name: "C1 HS256 under the public key", ids: "C1", assertion: func(t testing.TB, k *keys) string { return hmacByPublicKey(t, k.signer) }, rule: "C1", sentence: algorithmSentence},
	{name: "C1 RS256 under FAPI", ids: "C1", assertion: func(t testing.TB, k *keys) string { return rs256(t, k.rsa) }, rule: "C1", sentence: algorithmSentence},
	{name: "AS9 oversized", ids: "AS9", assertion: claims(with("pad", strings.Repeat("x", 8<<10))), rule: "AS9", sentence: "The client assertion is too large."},
	{name: "AS9 not a JWT", ids: "AS9", assertion: func(testing.TB, *keys) string { return "not.a.jwt" }, rule: "AS9", sentence: "The client assertion is malformed."},
	{name: "AS9 sub missing", ids: "AS9", assertion: claims(lacking("sub")), rule: "AS9", sentence: "The client assertion has no usable sub."},
	{name: "AS9 sub is a number", ids: "AS9", assertion: claims(with("sub", 7)), rule: "AS9", sentence: "The client assertion is malformed."},
	{name: "AS9 sub too long", ids: "AS9", assertion: claims(with("sub", strings.Repeat("x", 257))), rule: "AS9", sentence: "The client assertion has no usable sub."},
	{name: "AS11 client_id of another client", ids: "AS11", assertion: claims(goodClaims()), more: []string{"client_id", "somebody"}, rule: "AS11", sentence: "The client_id is not the client of the assertion."},

	{name: "C7 typ of an access token", ids: "C7", assertion: typed("at+jwt"), rule: "C7", sentence: "The client assertion has the typ of another kind of token."},
	{name: "C7 typ of a media type without a subtype", ids: "C7", assertion: typed("application/"), rule: "C7", sentence: "The client assertion has the typ of another kind of token."},
	{name: "C7 typ that only Unicode makes application/jwt", ids: "C7", assertion: typed("appl\u0130cation/jwt"), rule: "C7", sentence: "The client assertion has the typ of another kind of token."},
	{name: "C7 typ of a DPoP proof", ids: "C7", assertion: typed("dpop+jwt"), rule: "C7", sentence: "The client assertion has the typ of another kind of token."},
	{name: "C7 registered key, algorithm not the pinned one", ids: "C7", assertion: func(t testing.TB, k *keys) string { return sign(t, k.edwards, "JWT", goodClaims()) }, rule: "C7", sentence: unmatched},
	{name: "C4 unknown kid", ids: "C4 AS9", assertion: func(t testing.TB, k *keys) string { return sign(t, newSigner(t, "key-9"), "JWT", goodClaims()) }, rule: "AS9", sentence: unmatched},
	{name: "AS12 wrong key under the registered kid", ids: "AS12", assertion: func(t testing.TB, k *keys) string { return sign(t, k.stranger, "JWT", goodClaims()) }, rule: "AS12", sentence: unmatched},
	{name: "AS12 assertion of another client", ids: "AS12", assertion: func(t testing.TB, k *keys) string { return sign(t, k.stranger, "JWT", goodClaims()) }, rule: "AS12", sentence: unmatched},
	{name: "AS12 unknown client", ids: "AS12", assertion: claims(goodClaims()), client: func(*keys, clientauth.Client) clientauth.Client { return clientauth.Decoy() }, rule: "AS12", sentence: unmatched},
	{name: "AS8 client registered for tls_client_auth", ids: "AS8", assertion: claims(goodClaims()), client: func(_ *keys, c clientauth.Client) clientauth.Client { c.Method = oauth.AuthTLSClient; return c }, rule: "AS8", sentence: unmatched},

	{name: "AS9 iss of another", ids: "AS9", assertion: claims(with("iss", "somebody")), rule: "AS9", sentence: "The client assertion's iss is not the client."},
	{name: "AS9 iss missing", ids: "AS9", assertion: claims(lacking("iss")), rule: "AS9", sentence: "The client assertion's iss is not the client."},
	{name: "AS9 iss and sub differ", ids: "AS9", assertion: claims(with("sub", "somebody")), rule: "AS9", sentence: "The client assertion's sub is not the client."},
	{name: "AS9 aud missing", ids: "AS9", assertion: claims(lacking("aud")), rule: "AS9", sentence: audSentence},
	{name: "AS9 aud is the token URL", ids: "AS9", assertion: claims(with("aud", issuer+"/token")), rule: "AS9", sentence: audSentence},
	{name: "AS9 aud array with the issuer alone", ids: "AS9", assertion: claims(with("aud", []string{issuer})), rule: "AS9", sentence: audSentence},
	{name: "AS9 aud array with the issuer and more", ids: "AS9", assertion: claims(with("aud", []string{issuer, issuer + "/token"})), rule: "AS9", sentence: audSentence},
	{name: "AS9 aud of another issuer", ids: "AS9", assertion: claims(with("aud", "https://other.example")), rule: "AS9", sentence: audSentence},
	{name: "AS9 aud with a final slash", ids: "AS9", assertion: claims(with("aud", issuer+"/")), rule: "AS9", sentence: audSentence},
	{name: "AS9 exp missing", ids: "AS9", assertion: claims(lacking("exp")), rule: "AS9", sentence: "The client assertion has no exp."},
	{name: "AS9 exp now", ids: "AS9", assertion: claims(with("exp", at(0))), rule: "AS9", sentence: "The client assertion has expired."},
	{name: "AS9 exp an hour and a second ahead", ids: "AS9", assertion: claims(with("exp", at(time.Hour+time.Second))), rule: "AS9", sentence: "The client assertion's exp is too far ahead."},
	{name: "AS9 exp is text", ids: "AS9", assertion: claims(with("exp", "soon")), rule: "AS9", sentence: "The client assertion is malformed."},
	{name: "AS9 nbf 31 s ahead", ids: "AS9", assertion: claims(with("nbf", at(31*time.Second))), rule: "AS9", sentence: "The client assertion is not valid yet."},
	{name: "AS9 iat 31 s ahead", ids: "AS9", assertion: claims(with("iat", at(31*time.Second))), rule: "AS9", sentence: "The client assertion was issued in the future."},
	{name: "AS9 jti missing", ids: "AS9", assertion: claims(lacking("jti")), rule: "AS9", sentence: "The client assertion's jti is missing or too long."},
	{name: "AS9 jti too long", ids: "AS9", assertion: claims(with("jti", strings.Repeat("x", 257))), rule: "AS9", sentence: "The client assertion's jti is missing or too long."},
}

const audSentence = "The client assertion's aud must be the issuer identifier, as one string."

func TestCheck_AS8_AS9_AS11_AS12_C1_C4_C7_AssertionRefusalsByReason(t *testing.T) {
	k := newKeys(t)
	for _, a := range assertionRefusals {
		t.Run(a.name, func(t *testing.T) {
			if err := a.run(t, k); !refused(err, a.rule, oauth.InvalidClient, a.sentence) {
				t.Errorf("got %v, want %s invalid_client: %s", err, a.rule, a.sentence)
			}
		})
	}
}

func TestCheck_AS9_Accepts(t *testing.T) {
	k := newKeys(t)
	for _, a := range []attempt{
		{name: "AS9 without typ", assertion: typed("")},
		{name: "AS9 typ JWT", assertion: typed("JWT")},
		{name: "AS9 typ client-authentication+jwt", assertion: typed("client-authentication+jwt")},
		{name: "AS9 typ with its media type", assertion: typed("application/client-authentication+jwt")},
		{name: "AS9 client_id of the same client", assertion: typed("JWT"), more: []string{"client_id", clientID}},
		{name: "AS9 exp an hour ahead", assertion: claims(with("exp", at(time.Hour)))},
		{name: "AS9 iat 30 s ahead", assertion: claims(with("iat", at(30*time.Second)))},
		{name: "AS9 nbf 30 s ahead", assertion: claims(with("nbf", at(30*time.Second)))},
		{name: "AS9 without iat", assertion: claims(lacking("iat"))},
		{name: "AS9 jti of 256 bytes", assertion: claims(with("jti", strings.Repeat("x", 256)))},
		{name: "C4 one of two keys that share a kid", assertion: typed("JWT"), client: sharedKid},
	} {
		t.Run(a.name, func(t *testing.T) {
			if err := a.run(t, k); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// sharedKid registers an Ed25519 key under the kid of the ES256 key: they are
// told apart by algorithm and type.
func sharedKid(k *keys, c clientauth.Client) clientauth.Client {
	twin := k.edwards.Public()
	twin.KeyID = k.signer.Public().KeyID
	c.Keys = jose.NewKeySet(twin, k.signer.Public())
	return c
}

func TestCheck_C4_SeveralKeysNeedAKid(t *testing.T) {
	k := newKeys(t)
	header := encode(map[string]any{"alg": "ES256"})
	whole := strings.Split(sign(t, k.signer, "JWT", goodClaims()), ".")
	_, err := authenticate(asserting(t, header+"."+whole[1]+"."+whole[2]), nil, mtls.Certificate{}, k.client, nil)
	if !refused(err, "AS9", oauth.InvalidClient, unmatched) {
		t.Errorf("C4 no kid and two ES256 keys: got %v", err)
	}
}

func TestCheck_AS9_AS12_EveryAssertionStepIsHeld(t *testing.T) {
	k := newKeys(t)
	var cases []leaveout.Case
	for _, a := range assertionRefusals {
		cases = append(cases, leaveout.Case{Name: a.name, IDs: a.ids, Holds: func() bool {
			return refused(a.run(t, k), a.rule, oauth.InvalidClient, a.sentence)
		}})
	}
	good := attempt{assertion: typed("JWT")}
	cases = append(cases, leaveout.Case{Name: "AS9 a good assertion", IDs: "AS9", Holds: func() bool { return good.run(t, k) == nil }})
	leaveout.EachStep(t, clientauth.AssertionSteps(), clientauth.WithoutAssertionStep, cases)
}

// What fails before or at the signature must look alike from outside: one
// answer, one signature check.
func TestCheck_AS12_UnknownClientLooksLikeAWrongKey(t *testing.T) {
	k := newKeys(t)
	var first *oauth.Refusal
	for _, a := range assertionRefusals {
		if a.sentence != unmatched {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			checks := 0
			restore := clientauth.CountSignatureChecks(&checks)
			r := oauth.AsRefusal(a.run(t, k))
			restore()
			if checks != 1 {
				t.Errorf("AS12 %d signature checks, want 1", checks)
			}
			if first == nil {
				first = r
			}
			if r.Code != first.Code || r.Description != first.Description || r.HTTPStatus() != 401 {
				t.Errorf("AS12 answered %s %q with %d, another case %s %q", r.Code, r.Description, r.HTTPStatus(), first.Code, first.Description)
			}
		})
	}
	if first == nil {
		t.Fatal("no case")
	}
}
