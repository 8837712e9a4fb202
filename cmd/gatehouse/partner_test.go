package main

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/signer"
)

// partner is a client that can also send what a good client never would. It
// writes its own requests, so that nothing of fapiclient stands in the way.
type partner struct {
	t      *testing.T
	d      *deployment
	http   *http.Client
	key    *jose.Signer
	proofs *dpop.Key
	id     string
	nonce  string // the last that the authorization server gave
}

func newPartner(t *testing.T, d *deployment, id string) *partner {
	t.Helper()
	key, err := signer.LoadPEM(d.path("clients/" + id + ".key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	own, _ := proofSigner(t)
	return &partner{t: t, d: d, http: d.client(t), key: s, proofs: proofKey(t, own), id: id}
}

// proofSigner is a new key for proofs made by hand.
func proofSigner(t *testing.T) (crypto.Signer, *jose.Signer) {
	t.Helper()
	key, err := signer.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return key, s
}

// proofKey makes good proofs by a key.
func proofKey(t *testing.T, key crypto.Signer) *dpop.Key {
	t.Helper()
	k, err := dpop.NewKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// claims are those of a good assertion, with some changed; nil removes one.
func (p *partner) claims(changed map[string]any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{"iss": p.id, "sub": p.id, "aud": p.d.issuer(), "jti": rand.Text(), "iat": now, "exp": now + 60}
	for name, value := range changed {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

func (p *partner) assertion(changed map[string]any) string {
	p.t.Helper()
	s, err := p.key.Sign("JWT", p.claims(changed))
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *partner) form(assertion string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {"accounts.read"}, "resource": {p.d.audience()},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}
}

// post sends a token request with a proof, and once more, with the same form,
// when only a nonce was missing.
func (p *partner) post(form url.Values) (*http.Response, string) {
	p.t.Helper()
	endpoint := p.tokenEndpoint()
	for {
		proof, err := p.proofs.Proof("POST", endpoint, "", p.nonce, time.Now())
		if err != nil {
			p.t.Fatal(err)
		}
		res, body := p.postWith(form, proof, nil)
		if strings.Contains(body, "use_dpop_nonce") && res.Header.Get("DPoP-Nonce") != p.nonce {
			p.nonce = res.Header.Get("DPoP-Nonce")
			continue
		}
		return res, body
	}
}

func (p *partner) tokenEndpoint() string { return p.d.issuer() + "/token" }

func (p *partner) postWith(form url.Values, proof string, header http.Header) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequest("POST", p.tokenEndpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := p.http.Do(req)
	return answer(p.t, res, err)
}

// token obtains a token for the form's scope and resource.
func (p *partner) token(changed url.Values) string {
	p.t.Helper()
	form := p.form(p.assertion(nil))
	for name, values := range changed {
		form[name] = values
	}
	res, body := p.post(form)
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 {
		p.t.Fatalf("token endpoint: %d %s", res.StatusCode, body)
	}
	return got.AccessToken
}

// proof makes a proof for a call by hand: header and claims of a good one, with
// some changed; nil removes one.
func (p *partner) proof(key *jose.Signer, method, uri, token string, header, changed map[string]any) string {
	p.t.Helper()
	sum := sha256.Sum256([]byte(token))
	c := map[string]any{
		"jti": rand.Text(), "htm": method, "htu": uri, "iat": time.Now().Unix(),
		"ath": base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	for name, value := range changed {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	if header == nil {
		s, err := key.SignEmbedding("dpop+jwt", c)
		if err != nil {
			p.t.Fatal(err)
		}
		return s
	}
	return segment(p.t, header) + "." + segment(p.t, c) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
}

func segment(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// reheaded replaces the header of a JWT and keeps the rest.
func reheaded(t *testing.T, token string, header map[string]any) string {
	t.Helper()
	_, rest, _ := strings.Cut(token, ".")
	return segment(t, header) + "." + rest
}

// traceparent makes a trace of its own for a request, by which its audit record
// is found.
func traceparent() (header, id string) {
	var b [24]byte
	_, _ = rand.Read(b[:])
	id = hex.EncodeToString(b[:16])
	return fmt.Sprintf("00-%s-%s-01", id, hex.EncodeToString(b[16:])), id
}

// record waits for the audit record of a trace: those of the gateway are
// written within a tenth of a second.
func (d *deployment) record(t *testing.T, trace string) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		for _, r := range d.audited(t) {
			if r["trace_id"] == trace {
				return r
			}
		}
	}
	t.Fatalf("no audit record of trace %s", trace)
	return nil
}
