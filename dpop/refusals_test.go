package dpop_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/leaveout"
	"gatehouse.example/oauth"
)

// refusalCase is one wrong attempt with the reason that must be given. The
// first of its ids starts the subtest's name.
type refusalCase struct {
	name     string
	ids      string
	make     func() attempt
	rule     string
	code     oauth.Code
	sentence string // the reason, as the client reads it
}

// forged makes an attempt whose only fault is in the proof.
func forged(change func(f *forgery)) func() attempt {
	return func() attempt {
		f := goodForgery()
		change(&f)
		return goodAttempt(f.String())
	}
}

// payload makes an attempt whose only fault is one claim; nil leaves it out.
func payload(name string, value any) func() attempt {
	return forged(func(f *forgery) {
		f.payload = withoutMember(f.payload, name)
		if value != nil {
			f.payload[name] = value
		}
	})
}

// asked makes an attempt whose proof is good for another request.
func asked(change func(a *attempt)) func() attempt {
	return func() attempt {
		a := goodAttempt(goodForgery().String())
		change(&a)
		return a
	}
}

const (
	notWellFormed = "The DPoP proof is not a well-formed JWT with a public key in its header."
	notAllowed    = "The DPoP proof must be signed by ES256, PS256 or EdDSA."
	moreThanOne   = "The request has more than one DPoP header."
	unreadable    = "The claims of the DPoP proof cannot be read."
	badSignature  = "The signature of the DPoP proof does not verify."
	otherURI      = "The DPoP proof is for another URI."
)

func rs7(name, sentence string, make func() attempt) refusalCase {
	return refusalCase{name, "RS7 AS62", make, "RS7", oauth.InvalidDPoPProof, sentence}
}

func rs9(name, sentence string, make func() attempt) refusalCase {
	return refusalCase{name, "RS9 AS62", make, "RS9", oauth.InvalidDPoPProof, sentence}
}

func c1(name, alg string, sign func() func(string) []byte) refusalCase {
	return refusalCase{name, "C1 RS7", forged(func(f *forgery) {
		f.header["alg"], f.sign = alg, sign()
	}), "RS7", oauth.InvalidDPoPProof, notAllowed}
}

// keyCase puts another key into the header.
func keyCase(name, ids, alg, sentence string, key func() any, sign func() func(string) []byte) refusalCase {
	return refusalCase{name, ids, forged(func(f *forgery) {
		f.header["alg"], f.header["jwk"], f.sign = alg, json.RawMessage(jwk(key())), sign()
	}), "RS7", oauth.InvalidDPoPProof, sentence}
}

var headerCases = []refusalCase{
	rs7("no DPoP header", "The request has no DPoP header.", asked(func(a *attempt) { a.headers = nil })),
	rs7("two DPoP headers", moreThanOne, asked(func(a *attempt) { a.headers = append(a.headers, goodForgery().String()) })),
	rs7("the same proof in two DPoP headers", moreThanOne, asked(func(a *attempt) { a.headers = append(a.headers, a.headers[0]) })),
	rs7("two proofs joined by a comma", moreThanOne, asked(func(a *attempt) { a.headers[0] += ", " + a.headers[0] })),
	rs7("empty DPoP header", "The DPoP header is empty.", asked(func(a *attempt) { a.headers[0] = "" })),
	rs7("larger than 8 KiB", "The DPoP proof is larger than 8 KiB.", payload("padding", strings.Repeat("x", 8<<10))),
	rs7("not a JWT", notWellFormed, asked(func(a *attempt) { a.headers[0] = "proof" })),
	rs7("JSON serialisation", notWellFormed, asked(func(a *attempt) {
		p := strings.Split(a.headers[0], ".")
		a.headers[0] = `{"protected":"` + p[0] + `"}`
	})),
	rs7("four parts", notWellFormed, asked(func(a *attempt) { a.headers[0] += ".x" })),
	rs7("header twice the same member", notWellFormed, forged(func(f *forgery) {
		f.rawHead = duplicated(f.header, "alg", "ES256")
	})),
	rs7("crit header", "The DPoP proof must not have a crit or b64 header.", forged(func(f *forgery) {
		f.header["crit"], f.header["exp"] = []string{"exp"}, 1
	})),
	rs7("b64 header", "The DPoP proof must not have a crit or b64 header.", forged(func(f *forgery) { f.header["b64"] = true })),
	rs7("typ JWT", "The typ of the DPoP proof is not dpop+jwt.", forged(func(f *forgery) { f.header["typ"] = "JWT" })),
	rs7("typ in capitals", "The typ of the DPoP proof is not dpop+jwt.", forged(func(f *forgery) { f.header["typ"] = "DPOP+JWT" })),
	rs7("no typ", "The typ of the DPoP proof is not dpop+jwt.", forged(func(f *forgery) { f.header = withoutMember(f.header, "typ") })),
	rs7("typ is no string", notWellFormed, forged(func(f *forgery) { f.header["typ"] = []string{"dpop+jwt"} })),
}

var keyCases = []refusalCase{
	c1("alg none", "none", func() func(string) []byte { return unsigned }),
	c1("HS256 with the public key as the secret", "HS256", func() func(string) []byte { return hs256(&keys().ec.PublicKey) }),
	c1("RS256", "RS256", func() func(string) []byte { return rs256(keys().rsa) }),
	c1("es256 in lower case", "es256", func() func(string) []byte { return es256(keys().ec) }),
	rs7("no jwk", "The DPoP proof has no jwk header.", forged(func(f *forgery) { f.header = withoutMember(f.header, "jwk") })),
	rs7("jwk null", "The DPoP proof has no jwk header.", forged(func(f *forgery) { f.header["jwk"] = nil })),
	rs7("kid and jku in place of jwk", "The DPoP proof has no jwk header.", forged(func(f *forgery) {
		f.header = withoutMember(f.header, "jwk")
		f.header["kid"], f.header["jku"] = "1", "https://client.example/jwks"
	})),
	keyCase("private key in jwk", "RS7 C4 AS62", "ES256", notWellFormed,
		func() any { return keys().ec }, func() func(string) []byte { return es256(keys().ec) }),
	keyCase("private RSA key in jwk", "RS7 C4 AS62", "PS256", notWellFormed,
		func() any { return keys().rsa }, func() func(string) []byte { return ps256(keys().rsa) }),
	keyCase("symmetric key in jwk", "RS7 C4 AS62", "ES256", notWellFormed,
		func() any { return []byte("a shared secret of 32 bytes, yes") }, func() func(string) []byte { return es256(keys().ec) }),
	keyCase("RSA key of 1024 bits", "C2 RS7", "PS256", "The key in the DPoP proof is not a public key of sufficient size.",
		func() any { return &keys().smallRSA.PublicKey }, func() func(string) []byte { return ps256(keys().smallRSA) }),
	keyCase("key of P-384 under ES256", "RS7 C4", "ES256", "The key in the DPoP proof does not fit its algorithm.",
		func() any { return &keys().p384.PublicKey }, func() func(string) []byte { return es256(keys().ec) }),
	keyCase("RSA key under ES256", "RS7 C4", "ES256", "The key in the DPoP proof does not fit its algorithm.",
		func() any { return &keys().rsa.PublicKey }, func() func(string) []byte { return es256(keys().ec) }),
	rs7("signed by another key", badSignature, forged(func(f *forgery) { f.sign = es256(keys().other) })),
	rs7("no signature", badSignature, forged(func(f *forgery) { f.sign = unsigned })),
	rs7("payload of another proof", badSignature, asked(func(a *attempt) {
		f := goodForgery()
		f.payload["jti"] = "another"
		good, other := strings.Split(a.headers[0], "."), strings.Split(f.String(), ".")
		a.headers[0] = good[0] + "." + other[1] + "." + good[2]
	})),
}

var claimCases = []refusalCase{
	rs7("payload is no object", unreadable, forged(func(f *forgery) { f.rawBody = `["jti"]` })),
	rs7("htm twice", unreadable, forged(func(f *forgery) { f.rawBody = duplicated(f.payload, "htm", "POST") })),
	rs7("jti is a number", unreadable, payload("jti", 7)),
	rs7("iat is text", unreadable, payload("iat", "now")),
	rs7("iat beyond the year 9999", unreadable, payload("iat", 1e15)),
	rs7("no jti", "The DPoP proof has no jti.", payload("jti", nil)),
	rs7("empty jti", "The DPoP proof has no jti.", payload("jti", "")),
	rs7("JTI in capitals only", "The DPoP proof has no jti.", forged(func(f *forgery) {
		f.payload = withoutMember(f.payload, "jti")
		f.payload["JTI"] = "a-jti"
	})),
	rs7("jti of 257 bytes", "The jti of the DPoP proof is longer than 256 bytes.", payload("jti", strings.Repeat("j", 257))),
	rs7("no htm", "The DPoP proof has no htm.", payload("htm", nil)),
	rs7("other method", "The DPoP proof is for another method.", payload("htm", "POST")),
	rs7("method in lower case", "The DPoP proof is for another method.", payload("htm", "get")),
	rs7("no htu", "The DPoP proof has no htu.", payload("htu", nil)),
	rs7("other path", otherURI, payload("htu", "https://api.example.com/payments")),
	rs7("other host", otherURI, payload("htu", "https://api.example.org/accounts")),
	rs7("other port", otherURI, payload("htu", "https://api.example.com:8443/accounts")),
	rs7("http in place of https", otherURI, payload("htu", "http://api.example.com/accounts")),
	rs7("path in capitals", otherURI, payload("htu", "https://api.example.com/ACCOUNTS")),
	rs7("path only", "The htu of the DPoP proof is not an absolute URI.", payload("htu", "/accounts")),
	rs7("our own URI cannot be read", otherURI, asked(func(a *attempt) { a.uri = "/accounts" })),
	rs7("no ath beside a token", "The DPoP proof has no ath.", payload("ath", nil)),
	rs7("ath of another token", "The DPoP proof is for another access token.", payload("ath", hashOf("another token"))),
	rs7("no iat", "The DPoP proof has no iat.", payload("iat", nil)),
	{"no iat", "RS9", payload("iat", nil), "RS7", oauth.InvalidDPoPProof, "The DPoP proof has no iat."},
	rs9("iat 61 s old", "The DPoP proof is too old.", payload("iat", now.Unix()-61)),
	rs9("iat 301 s old where 300 are allowed", "The DPoP proof is too old.", func() attempt {
		a := payload("iat", now.Unix()-301)()
		a.maxAge = dpop.LongestMaxAge
		return a
	}),
	rs9("iat 31 s ahead", "The DPoP proof is from the future.", payload("iat", now.Unix()+31)),
	rs9("iat 0", "The DPoP proof is too old.", payload("iat", 0)),
}

var nonceCases = []refusalCase{
	rs13("RS13 AS63", "no nonce where one is required", demandNonce, required, func() any { return nil }),
	rs13("RS13 AS63", "a nonce of another server", wrongNonce, required, func() any {
		other, _ := dpop.NewNonces([]byte("another root of nonces, also 32 bytes"), time.Minute)
		return other.Issue(now)
	}),
	rs13("RS13 AS63", "not a nonce at all", wrongNonce, required, func() any { return "nonce" }),
	rs13("RS13 AS63", "a nonce 61 s old of those that live 60 s", wrongNonce, required, func() any { return nonces().Issue(now.Add(-61 * time.Second)) }),
	rs13("RS13 AS63", "a nonce from the future", wrongNonce, required, func() any { return nonces().Issue(now.Add(31 * time.Second)) }),
	rs13("RS13 AS63", "a wrong nonce where none is required", wrongNonce, dpop.OptionalNonce, func() any { return "nonce" }),
	rs13("RS10 RS13", "a proof from before the start without a nonce", demandNonce, startedAt(-10*time.Second), func() any { return nil }),
	rs13("RS10 RS13", "a proof from before the start with a nonce from before it", oldNonce, startedAt(-10*time.Second),
		func() any { return nonces().Issue(now.Add(-10*time.Second - time.Microsecond)) }),
	rs13("RS10 RS13", "a proof that a fast clock may have made before the start", demandNonce, startedAt(-29*time.Second), func() any { return nil }),
	rs13("RS10 RS13", "a wrong nonce in a proof from after the start", wrongNonce, startedAt(-time.Hour), func() any { return "nonce" }),
}

const (
	demandNonce = "The DPoP proof must carry the nonce that this response gives."
	wrongNonce  = "The nonce in the DPoP proof is not a current one of this server; use the one that this response gives."
	oldNonce    = "The nonce in the DPoP proof is too old; use the one that this response gives."
)

func rs13(ids, name, sentence string, rule func(*dpop.Nonces) dpop.NonceRule, nonce func() any) refusalCase {
	return refusalCase{name, ids, func() attempt {
		a := payload("nonce", nonce())()
		a.rule = rule(nonces())
		return a
	}, "RS13", oauth.UseDPoPNonce, sentence}
}

func required(n *dpop.Nonces) dpop.NonceRule { return dpop.RequireNonce(n) }

// startedAt is the rule of a memory store that started this long from now.
func startedAt(fromNow time.Duration) func(*dpop.Nonces) dpop.NonceRule {
	return func(n *dpop.Nonces) dpop.NonceRule { return dpop.NonceForProofsBefore(n, now.Add(fromNow)) }
}

func allCases() []refusalCase {
	var all []refusalCase
	for _, group := range [][]refusalCase{headerCases, keyCases, claimCases, nonceCases} {
		all = append(all, group...)
	}
	return all
}

// problem says how the outcome differs from the promised refusal.
func (c refusalCase) problem() string {
	_, err := c.make().verify()
	var r *oauth.Refusal
	switch {
	case err == nil:
		return "was accepted"
	case !errors.As(err, &r):
		return "gave no refusal but: " + err.Error()
	case r.Rule != c.rule || r.Code != c.code || r.Description != c.sentence:
		return "was refused for another reason: " + err.Error()
	}
	return ""
}

func TestProof_RS7_RS9_RS10_RS13_AS62_AS63_C1_C2_C4_RefusalsByReason(t *testing.T) {
	for _, c := range allCases() {
		id, _, _ := strings.Cut(c.ids, " ")
		t.Run(id+" "+c.name, func(t *testing.T) {
			if p := c.problem(); p != "" {
				t.Error(p)
			}
		})
	}
}

func TestProof_RS7_RS9_RS10_RS13_AS62_AS63_C1_C2_C4_EveryStepIsNoticed(t *testing.T) {
	var cases []leaveout.Case
	for _, c := range allCases() {
		cases = append(cases, leaveout.Case{Name: c.name, IDs: c.ids, Holds: func() bool { return c.problem() == "" }})
	}
	leaveout.EachStep(t, dpop.Steps(), dpop.Without, cases)
}
