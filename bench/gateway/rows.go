package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// rows are the lines of the table; the first is the peer.
func (b *bed) rows() []row {
	seen := func(path string) request {
		return request{path: path, authorization: "Bearer " + b.seen}
	}
	return []row{
		{name: "nginx, plain TLS proxy", pid: b.nginx, target: b.plain,
			request: func(int) request { return request{path: "/accounts"} }},
		{name: "gatehouse, token seen before", pid: b.gateway, target: b.partnerAt, limit: 2.5,
			request: func(int) request { return seen("/accounts") }},
		{name: "gatehouse, every token new", pid: b.gateway, target: b.partnerAt,
			request: func(n int) request { return request{path: "/accounts", authorization: "Bearer " + b.fresh[n]} }},
		{name: "gatehouse, token + DPoP", pid: b.gateway, target: b.publicAt, limit: 7,
			request: func(n int) request {
				return request{path: "/accounts", authorization: "DPoP " + b.bound, dpop: b.proofs[n-b.proofsAt]}
			}},
		{name: "gatehouse, every assertion new", pid: b.gateway, target: b.partnerAt,
			request: func(n int) request { return seen("/accounts/a-" + strconv.Itoa(n)) }},
	}
}

// token makes an access token as the issuer of the bench.
func (b *bed) token(number string, confirmation map[string]string) (string, error) {
	now := time.Now().Unix()
	return b.tokenKey.Sign("at+jwt", map[string]any{
		"iss": b.issuer, "sub": "bench-partner", "client_id": "bench-partner", "aud": "urn:bench:api", "scope": "accounts.read",
		"jti": "token-" + number, "iat": now, "exp": now + 900, "cnf": confirmation,
	})
}

// prepare makes the tokens of the whole run.
func (b *bed) prepare(total int) error {
	sum := sha256.Sum256(b.partner.Certificate[0])
	certificate := map[string]string{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
	var err error
	if b.seen, err = b.token("seen", certificate); err != nil {
		return err
	}
	if b.bound, err = b.token("bound", map[string]string{"jkt": b.proofKey.Thumbprint()}); err != nil {
		return err
	}
	b.fresh = make([]string, total)
	for i := range b.fresh {
		if b.fresh[i], err = b.token(strconv.Itoa(i), certificate); err != nil {
			return err
		}
	}
	return nil
}

// freshProofs makes the proofs of one round of the DPoP row: they may not be
// older than a minute. Shortly after its start the gateway wants a nonce in
// each, which a first refused request brings.
func (b *bed) freshProofs(r *row, from, count int) error {
	if r.target != b.publicAt {
		return nil
	}
	nonce, err := b.nonce()
	if err != nil {
		return err
	}
	b.proofsAt, b.proofs = from, make([]string, count)
	for i := range b.proofs {
		if b.proofs[i], err = b.proofKey.Proof("GET", b.publicAt+"/accounts", b.bound, nonce, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) nonce() (string, error) {
	proof, err := b.proofKey.Proof("GET", b.publicAt+"/accounts", b.bound, "", time.Now())
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest("GET", b.publicAt+"/accounts", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "DPoP "+b.bound)
	req.Header.Set("DPoP", proof)
	client := b.client(1)
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if nonce := res.Header.Get("DPoP-Nonce"); nonce != "" || res.StatusCode == http.StatusOK {
		return nonce, nil
	}
	return "", fmt.Errorf("the gateway gave no nonce: %d %s", res.StatusCode, body)
}
