package resource_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/leaveout"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

type refusal struct {
	name string // begins with the rule, or with the requirement that the rule stands for
	ids  string
	rule string // "" means the first word of the name
	code oauth.Code
	ask  func(*bed) resource.Facts
}

func token(make func(*bed) string) func(*bed) resource.Facts {
	return func(b *bed) resource.Facts { return b.withProof(make(b)) }
}

func claims(edit ...func(map[string]any)) func(*bed) resource.Facts {
	return func(b *bed) resource.Facts { return b.withProof(b.token(edit...)) }
}

func facts(edit func(*bed, *resource.Facts)) func(*bed) resource.Facts {
	return func(b *bed) resource.Facts {
		f := b.withProof(b.token())
		edit(b, &f)
		return f
	}
}

var refusals = []refusal{
	{"RS1 no token", "RS1", "", "", facts(func(_ *bed, f *resource.Facts) { f.Authorization = nil })},
	{"RS1 another scheme counts as no token", "RS1", "", "", facts(func(_ *bed, f *resource.Facts) { f.Authorization = []string{"Basic eDp5"} })},
	{"RS1 two Authorization headers", "RS1", "", oauth.InvalidRequest, facts(func(_ *bed, f *resource.Facts) {
		f.Authorization = append(f.Authorization, f.Authorization[0])
	})},
	{"RS1 two tokens in one header", "RS1", "", oauth.InvalidRequest, facts(func(_ *bed, f *resource.Facts) {
		f.Authorization = []string{f.Authorization[0] + ", " + f.Authorization[0]}
	})},
	{"RS1 an empty token", "RS1", "", oauth.InvalidRequest, facts(func(_ *bed, f *resource.Facts) { f.Authorization = []string{"DPoP "} })},
	{"RS1 a token in the query", "RS1", "", oauth.InvalidRequest, facts(func(_ *bed, f *resource.Facts) { f.TokenInQuery = true })},
	{"RS1 a token in the query alone", "RS1", "", oauth.InvalidRequest, facts(func(_ *bed, f *resource.Facts) {
		f.TokenInQuery, f.Authorization = true, nil
	})},
	{"RS6 no JWT", "RS6", "", oauth.InvalidToken, token(func(*bed) string { return "opaque" })},
	{"RS6 too large", "RS6", "", oauth.InvalidToken, token(func(*bed) string { return strings.Repeat("a", 16<<10+1) })},
	{"C1 alg none", "C1 RS6", "RS6", oauth.InvalidToken, token((*bed).unsigned)},
	{"C1 HS256 by the public key", "C1 RS6", "RS6", oauth.InvalidToken, token((*bed).byPublicKey)},
	{"C1 RS256", "C1 RS6", "RS6", oauth.InvalidToken, token((*bed).byRS256)},
	{"C7 an algorithm that this issuer does not use", "C7 RS6 RS23", "RS6", oauth.InvalidToken, token(func(b *bed) string {
		return encode(map[string]any{"alg": "PS256", "typ": "at+jwt", "kid": b.signer.Public().KeyID}) + "." + encode(b.claims()) + ".AAAA"
	})},
	{"RS6 an issuer that is not trusted", "RS6 RS23", "", oauth.InvalidToken, claims(set("iss", "https://evil.example"))},
	{"RS6 the issuer with a slash at its end", "RS6 RS23", "", oauth.InvalidToken, claims(set("iss", issuer+"/"))},
	{"RS6 no issuer", "RS6 RS23", "", oauth.InvalidToken, claims(unset("iss"))},
	{"RS24 an unknown kid", "RS24 RS6", "", oauth.InvalidToken, token(func(b *bed) string { return b.signed(b.stranger, "at+jwt", b.claims()) })},
	{"RS2 a damaged signature", "RS2", "", oauth.InvalidToken, token(func(b *bed) string {
		raw := b.token()
		return raw[:len(raw)-20] + strings.Repeat("A", 20)
	})},
	{"RS2 another's signature under the issuer's kid", "RS2 RS6", "", oauth.InvalidToken, token(func(b *bed) string {
		other := b.signed(b.stranger, "at+jwt", b.claims())
		_, rest, _ := strings.Cut(other, ".")
		return encode(map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": b.signer.Public().KeyID}) + "." + rest
	})},
	{"C7 an ID token", "C7 RS6", "RS6", oauth.InvalidToken, token(func(b *bed) string { return b.signed(b.signer, "JWT", b.claims()) })},
	{"C7 a gateway's assertion", "C7 RS6", "RS6", oauth.InvalidToken, token(func(b *bed) string { return b.signed(b.signer, "gateway-assertion+jwt", b.claims()) })},
	{"RS6 for another API", "RS6", "", oauth.InvalidToken, claims(set("aud", "https://other.example"))},
	{"RS2 expired 60 s ago", "RS2 RS6", "RS6", oauth.InvalidToken, claims(set("exp", start.Add(-time.Minute).Unix()))},
	{"RS6 without expiry", "RS6", "", oauth.InvalidToken, claims(unset("exp"))},
	{"RS6 not valid for another 61 s", "RS6", "", oauth.InvalidToken, claims(set("nbf", start.Add(61*time.Second).Unix()))},
	{"RS6 issued 61 s ahead", "RS6", "", oauth.InvalidToken, claims(set("iat", start.Add(61*time.Second).Unix()))},
	{"RS4 without a binding", "RS4", "", oauth.InvalidToken, claims(unset("cnf"))},
	{"RS4 with two bindings", "RS4", "", oauth.InvalidToken, func(b *bed) resource.Facts {
		return b.withProof(b.token(set("cnf", map[string]any{"jkt": b.key.Thumbprint(), "x5t#S256": b.thumb})))
	}},
	{"RS11 a DPoP-bound token as a bearer token", "RS11", "", oauth.InvalidToken, facts(func(_ *bed, f *resource.Facts) {
		f.Authorization[0] = "Bearer " + strings.TrimPrefix(f.Authorization[0], "DPoP ")
	})},
	{"RS11 a DPoP-bound token without a proof", "RS11 RS7", "RS7", oauth.InvalidDPoPProof, facts(func(_ *bed, f *resource.Facts) { f.DPoP = nil })},
	{"RS7 two DPoP headers", "RS7", "", oauth.InvalidDPoPProof, facts(func(_ *bed, f *resource.Facts) { f.DPoP = append(f.DPoP, f.DPoP[0]) })},
	{"RS7 a proof for another method", "RS7", "", oauth.InvalidDPoPProof, facts(func(_ *bed, f *resource.Facts) { f.Method = "DELETE" })},
	{"RS7 a proof for another URI", "RS7 RS18", "", oauth.InvalidDPoPProof, facts(func(_ *bed, f *resource.Facts) { f.URI = origin.URI("/accounts/2") })},
	{"RS7 a proof for another token", "RS7", "", oauth.InvalidDPoPProof, facts(func(b *bed, f *resource.Facts) {
		f.DPoP = b.withProof(b.token(set("jti", "token-2"))).DPoP
	})},
	{"RS7 a private key in the proof", "RS7", "", oauth.InvalidDPoPProof, facts(func(b *bed, f *resource.Facts) { f.DPoP = []string{privateKeyProof} })},
	{"RS9 a proof 61 s old", "RS9", "", oauth.InvalidDPoPProof, func(b *bed) resource.Facts {
		return b.proved(b.token(), b.key, "GET", origin.URI(path), "", start.Add(-61*time.Second))
	}},
	{"RS9 a proof 31 s ahead", "RS9", "", oauth.InvalidDPoPProof, func(b *bed) resource.Facts {
		return b.proved(b.token(), b.key, "GET", origin.URI(path), "", start.Add(31*time.Second))
	}},
	{"RS13 a nonce that is not ours", "RS13", "", oauth.UseDPoPNonce, func(b *bed) resource.Facts {
		return b.proved(b.token(), b.key, "GET", origin.URI(path), "made-up", start)
	}},
	{"RS10b a proof by another key", "RS10b RS4", "", oauth.InvalidToken, func(b *bed) resource.Facts {
		return b.proved(b.token(), b.otherKey, "GET", origin.URI(path), "", start)
	}},
	{"RS5 a certificate-bound token without a certificate", "RS5 RS4", "", oauth.InvalidToken, func(b *bed) resource.Facts {
		return b.withCertificate(b.token(b.byCertificate()), nil)
	}},
	{"RS5 the certificate of another client", "RS5 RS4", "", oauth.InvalidToken, func(b *bed) resource.Facts {
		return b.withCertificate(b.token(b.byCertificate()), b.peer(b.ca.Client(b.t, "other")))
	}},
	{"RS5 a certificate of another authority", "RS5 RS4", "", oauth.InvalidToken, func(b *bed) resource.Facts {
		return b.withCertificate(b.token(b.byCertificate()), b.peer(mtlstest.NewAuthority(b.t).Client(b.t, "partner")))
	}},
	{"RS3 another scope", "RS3", "", oauth.InsufficientScope, claims(set("scope", "payments.write"))},
	{"RS3 no scope", "RS3", "", oauth.InsufficientScope, claims(unset("scope"))},
	{"RS10 a proof for the second time", "RS10", "", oauth.InvalidDPoPProof, func(b *bed) resource.Facts {
		f := b.withProof(b.token())
		if _, err := b.decide(f); err != nil {
			b.t.Errorf("the first time: %v", err)
		}
		return f
	}},
}

// privateKeyProof has a private key in its jwk (made for this test, used nowhere).
const privateKeyProof = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0IiwiandrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiZjgzT0ozRDJ4RjFCZzh2dWI5dExlMWdITXpWNzZlOFR1czl1UEh2UlZFVSIsInkiOiJ4X0ZFelJ1OW0zNkhMTl90dWU2NTlMTnBYVzZwQ3lTdGlrWWpLSVdJNWEwIiwiZCI6Impwc1FublFtTC1ZQklmZkgxMTM2Y0xhWlg5WDhyMTdmSjFfX1c5Y2VHTncifX0.e30.AAAA"

func (r refusal) wantRule() string {
	if r.rule != "" {
		return r.rule
	}
	rule, _, _ := strings.Cut(r.name, " ")
	return rule
}

// holds runs the case on a bed of its own, so that no case sees another's
// cached token or spent proof.
func (r refusal) holds(t testing.TB) error {
	b := newBed(t)
	_, err := b.decide(r.ask(b))
	refused := oauth.AsRefusal(err)
	if err == nil || refused.Rule != r.wantRule() || refused.Code != r.code {
		return errors.Join(errors.New("want "+r.wantRule()+" "+string(r.code)), err)
	}
	return nil
}

func TestDecide_RS1_RS2_RS3_RS4_RS5_RS6_RS7_RS9_RS10_RS10b_RS11_RS13_RS18_RS23_RS24_C1_C7_RefusalsByReason(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			if err := r.holds(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDecide_RS1_RS3_RS6_RS10_RS23_RS24_RS25_C1_C7_EveryStepIsHeld(t *testing.T) {
	var cases []leaveout.Case
	for _, r := range refusals {
		cases = append(cases, leaveout.Case{Name: r.name, IDs: r.ids, Holds: func() bool { return r.holds(t) == nil }})
	}
	leaveout.EachStep(t, resource.Steps(), resource.WithoutStep, cases)
}
