package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

// call is one request to the gateway that must be refused.
type call struct {
	name   string // begins with the rule's id
	status int
	code   string
	send   func(f *callers, h http.Header) (method, url string)
}

// callers is what the refused requests are made of.
type callers struct {
	*partner
	proofKey *jose.Signer // the DPoP key to which good is bound
	other    *jose.Signer // another one
	good     string       // a good token for accounts.read
	reader   string       // the same client's token for transactions.read only
	used     string       // a proof that was let through already
	nonce    string
	target   string
}

func newCallers(t *testing.T, d *deployment) *callers {
	t.Helper()
	f := &callers{partner: newPartner(t, d, "demo-partner"), target: d.origin(t, "public") + "/accounts"}
	var own crypto.Signer
	own, f.proofKey = proofSigner(t)
	_, f.other = proofSigner(t)
	f.proofs = proofKey(t, own)
	f.good = f.token(nil)
	f.reader = f.token(map[string][]string{"scope": {"transactions.read"}})
	// Right after its start the gateway wants a nonce in each proof.
	for range 2 {
		f.used = f.sign(f.proofKey, f.good, nil)
		req, _ := http.NewRequest("GET", f.target, nil)
		req.Header.Set("Authorization", "DPoP "+f.good)
		req.Header.Set("DPoP", f.used)
		res, err := f.http.Do(req)
		res, body := answer(t, res, err)
		if res.StatusCode == 200 {
			return f
		}
		if f.nonce = res.Header.Get("DPoP-Nonce"); f.nonce == "" {
			t.Fatalf("a good call was refused: %d %s", res.StatusCode, body)
		}
	}
	t.Fatal("a good call was refused twice")
	return nil
}

// sign makes a good proof of the target, with some claims changed.
func (f *callers) sign(key *jose.Signer, token string, changed map[string]any) string {
	c := map[string]any{}
	if f.nonce != "" {
		c["nonce"] = f.nonce
	}
	for name, value := range changed {
		c[name] = value
	}
	return f.proof(key, "GET", f.target, token, nil, c)
}

// with sets a token by the DPoP scheme and a proof of it.
func (f *callers) with(h http.Header, token, proof string) (method, url string) {
	h.Set("Authorization", "DPoP "+token)
	h.Set("DPoP", proof)
	return "GET", f.target
}

var refusedCalls = []call{
	{"RS1 no token", 401, "", func(f *callers, _ http.Header) (string, string) { return "GET", f.target }},
	{"RS1 two Authorization headers", 400, "invalid_request", func(f *callers, h http.Header) (string, string) {
		f.with(h, f.good, f.sign(f.proofKey, f.good, nil))
		h.Add("Authorization", "DPoP "+f.good)
		return "GET", f.target
	}},
	{"RS1 token in the query", 400, "invalid_request", func(f *callers, h http.Header) (string, string) {
		f.with(h, f.good, f.sign(f.proofKey, f.good, nil))
		return "GET", f.target + "?access_token=" + f.good
	}},
	{"RS6 alg none", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		token := reheaded(f.t, f.good, map[string]any{"alg": "none", "typ": "at+jwt"})
		token = token[:strings.LastIndexByte(token, '.')+1]
		return f.with(h, token, f.sign(f.proofKey, token, nil))
	}},
	{"RS6 HS256 with the public key as the secret", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		token := f.signedWithPublicKey()
		return f.with(h, token, f.sign(f.proofKey, token, nil))
	}},
	{"RS6 RS256", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		token := reheaded(f.t, f.good, map[string]any{"alg": "RS256", "typ": "at+jwt"})
		return f.with(h, token, f.sign(f.proofKey, token, nil))
	}},
	{"RS24 unknown kid", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		token := reheaded(f.t, f.good, map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": "nobody"})
		return f.with(h, token, f.sign(f.proofKey, token, nil))
	}},
	{"RS2 changed claims", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		parts := strings.Split(f.good, ".")
		token := parts[0] + "." + segment(f.t, map[string]any{"iss": f.d.issuer(), "scope": "payments.write"}) + "." + parts[2]
		return f.with(h, token, f.sign(f.proofKey, token, nil))
	}},
	{"RS3 wrong scope", 403, "insufficient_scope", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.reader, f.sign(f.proofKey, f.reader, nil))
	}},
	{"RS11 a bound token as Bearer", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		h.Set("Authorization", "Bearer "+f.good)
		return "GET", f.target
	}},
	{"RS10b another key", 401, "invalid_token", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.other, f.good, nil))
	}},
	{"RS7 no proof", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		h.Set("Authorization", "DPoP "+f.good)
		return "GET", f.target
	}},
	{"RS7 two proofs", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		f.with(h, f.good, f.sign(f.proofKey, f.good, nil))
		h.Add("DPoP", f.sign(f.proofKey, f.good, nil))
		return "GET", f.target
	}},
	{"RS7 another method", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.proofKey, f.good, map[string]any{"htm": "POST"}))
	}},
	{"RS7 another URI", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.proofKey, f.good, map[string]any{"htu": f.target + "/a-1"}))
	}},
	{"RS7 another token's hash", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.proofKey, f.reader, nil))
	}},
	{"RS7 a private key in the proof", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.privateProof())
	}},
	{"RS7 proof by alg none", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.proof(f.proofKey, "GET", f.target, f.good, map[string]any{"alg": "none", "typ": "dpop+jwt"}, nil))
	}},
	{"RS9 old proof", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.proofKey, f.good, map[string]any{"iat": time.Now().Add(-2 * time.Minute).Unix()}))
	}},
	{"RS9 proof from the future", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.sign(f.proofKey, f.good, map[string]any{"iat": time.Now().Add(45 * time.Second).Unix()}))
	}},
	{"RS10 replayed proof", 401, "invalid_dpop_proof", func(f *callers, h http.Header) (string, string) {
		return f.with(h, f.good, f.used)
	}},
}

// Each refused call has the status, the code, no-store, and an audit record
// that names the rule and no token.
func TestRefusedCalls_RS1_RS2_RS3_RS6_RS7_RS9_RS10_RS10b_RS11_RS24_C1_C7(t *testing.T) {
	d := startDemo(t)
	f := newCallers(t, d)
	for _, c := range refusedCalls {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			method, url := c.send(f, h)
			req, err := http.NewRequest(method, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = h
			trace, id := traceparent()
			req.Header.Set("traceparent", trace)
			res, err := f.http.Do(req)
			res, body := answer(t, res, err)
			if res.StatusCode != c.status || errorCode(body) != c.code {
				t.Errorf("answered %d %s, must be %d %s", res.StatusCode, body, c.status, c.code)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control is %q", res.Header.Get("Cache-Control"))
			}
			rule, _, _ := strings.Cut(c.name, " ")
			if r := d.record(t, id); r["verdict"] != "deny" || r["rule"] != rule {
				t.Errorf("audit record: %v", r)
			}
		})
	}
	if res, body := goodCall(t, f); res.StatusCode != 200 {
		t.Errorf("after all refusals a good call: %d %s", res.StatusCode, body)
	}
}

func goodCall(t *testing.T, f *callers) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", f.target, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.with(req.Header, f.good, f.sign(f.proofKey, f.good, nil))
	res, err := f.http.Do(req)
	return answer(t, res, err)
}

func errorCode(body string) string {
	var e struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal([]byte(body), &e)
	return e.Error
}

// signedWithPublicKey is the classic confusion: the issuer's public key as the
// secret of an HMAC.
func (f *callers) signedWithPublicKey() string {
	res, err := f.http.Get(f.d.issuer() + "/jwks")
	_, jwks := answer(f.t, res, err)
	parts := strings.Split(f.good, ".")
	signed := segment(f.t, map[string]any{"alg": "HS256", "typ": "at+jwt"}) + "." + parts[1]
	mac := hmac.New(sha256.New, []byte(jwks))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// privateProof carries the whole key in its header (RFC 9449 §4.2 forbids it).
func (f *callers) privateProof() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	number := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	raw, err := key.Bytes()
	if err != nil {
		f.t.Fatal(err)
	}
	jwk := map[string]any{"kty": "EC", "crv": "P-256", "x": number(key.X.FillBytes(make([]byte, 32))),
		"y": number(key.Y.FillBytes(make([]byte, 32))), "d": number(raw)}
	return f.proof(f.proofKey, "GET", f.target, f.good, map[string]any{"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}, nil)
}
