package dpop_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/jose"
)

// The proofs in testdata/fuzz/FuzzVerify were made at this time for theURI and
// theToken; the one called good is accepted.
func fuzzAttempt(header string) attempt {
	a := goodAttempt(header)
	a.now = time.Unix(1795348800, 0)
	return a
}

// edForgery is goodForgery with a key and a signature that never change.
func edForgery() forgery {
	f := goodForgery()
	f.header["alg"], f.header["jwk"], f.sign = "EdDSA", json.RawMessage(jwk(keys().ed.Public())), eddsa(keys().ed)
	f.payload["iat"] = 1795348800
	return f
}

// FuzzVerify throws any text at Verify as the DPoP header.
func FuzzVerify(f *testing.F) {
	f.Add(edForgery().String())
	for _, c := range append(headerCases, keyCases...) {
		if h := c.make().headers; len(h) == 1 {
			f.Add(h[0])
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		p, err := fuzzAttempt(header).verify()
		if err != nil {
			return
		}
		if len(header) > 8<<10 || strings.Count(header, ".") != 2 || len(p.Thumbprint()) != 43 {
			t.Errorf("accepted: %q", header)
		}
	})
}

// FuzzVerifyClaims signs any payload, and holds what Verify accepts against a
// second reading of the same claims.
func FuzzVerifyClaims(f *testing.F) {
	good := edForgery()
	body, _ := json.Marshal(good.payload)
	f.Add(string(body))
	f.Add(duplicated(good.payload, "iat", 1))
	f.Add(strings.Replace(string(body), "1795348800", "1.7953488e9", 1))
	f.Add(`{"jti":1,"htm":null}`)
	f.Fuzz(func(t *testing.T, payload string) {
		forged := edForgery()
		forged.payload, forged.rawBody = nil, payload
		p, err := fuzzAttempt(forged.String()).verify()
		if err != nil {
			return
		}
		var c map[string]any
		if err := jose.Decode([]byte(payload), &c); err != nil {
			t.Fatalf("accepted %q, which cannot be read: %v", payload, err)
		}
		htu, _ := c["htu"].(string)
		uri, err := dpop.NormalizeURI(htu)
		if err != nil || uri != theURI || c["htm"] != "GET" || c["ath"] != hashOf(theToken) || c["jti"] != p.JTI() || p.JTI() == "" {
			t.Errorf("accepted %q", payload)
		}
		if iat, ok := c["iat"].(float64); !ok || iat < 1795348800-60 || iat >= 1795348800+31 {
			t.Errorf("accepted iat %v", c["iat"])
		}
	})
}

// FuzzNormalizeURI holds that the form is stable, readable by net/url, and has
// nothing that RFC 9449 §4.2 leaves out.
func FuzzNormalizeURI(f *testing.F) {
	for _, s := range []string{
		theURI, "HTTPS://API.Example.com:443/%7ea%2Fb?q#f", "http://[::1]:8080", "https://h/%25%2541", "https://h:/a//../b", "https://user@h/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := dpop.NormalizeURI(s)
		if err != nil {
			return
		}
		twice, err := dpop.NormalizeURI(once)
		if err != nil || twice != once {
			t.Fatalf("%q becomes %q and then %q, %v", s, once, twice, err)
		}
		u, err := url.Parse(once)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(u.EscapedPath(), "/") {
			t.Errorf("%q becomes %q: %+v, %v", s, once, u, err)
		}
		if u.EscapedPath() != once[len(u.Scheme)+3+len(u.Host):] {
			t.Errorf("net/url reads another path in %q: %q", once, u.EscapedPath())
		}
	})
}
