package dpop_test

import (
	"crypto"
	"encoding/base64"
	"strings"
	"testing"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/jose"
)

// claimsOf reads a proof's claims as its bytes have them.
func claimsOf(t *testing.T, proof string) map[string]any {
	t.Helper()
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		t.Fatalf("a proof of %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := jose.Decode(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKey_CL21_ProofIsAccepted(t *testing.T) {
	for name, signer := range map[string]crypto.Signer{
		"ES256": keys().ec, "PS256": keys().rsa, "EdDSA": keys().ed,
		"ES256 in a device": opaqueSigner{keys().ec}, "PS256 in a device": opaqueSigner{keys().rsa},
	} {
		t.Run("CL21 "+name, func(t *testing.T) {
			key, err := dpop.NewKey(signer)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := key.Proof("GET", theURI+"?page=2#top", theToken, nonces().Issue(now), now)
			if err != nil {
				t.Fatal(err)
			}
			a := goodAttempt(proof)
			a.rule = dpop.RequireNonce(nonces())
			if p := mustVerify(t, a); p.Thumbprint() != key.Thumbprint() {
				t.Errorf("the proof's thumbprint %q is not the key's %q", p.Thumbprint(), key.Thumbprint())
			}
		})
	}
}

// opaqueSigner hides the kind of key, as a device or a vault does.
type opaqueSigner struct{ crypto.Signer }

func TestKey_CL21_Claims(t *testing.T) {
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := key.Proof("POST", "https://API.example.com:443/a%2fb?c=d", theToken, "n", now)
	if err != nil {
		t.Fatal(err)
	}
	c := claimsOf(t, proof)
	want := map[string]any{
		"htm": "POST", "htu": "https://API.example.com:443/a%2fb", "iat": float64(now.Unix()), "ath": hashOf(theToken), "nonce": "n",
	}
	for name, value := range want {
		if c[name] != value {
			t.Errorf("CL21 %s is %v, want %v", name, c[name], value)
		}
	}
	bare, err := key.Proof("POST", "https://api.example.com?x", "", "", now)
	if err != nil {
		t.Fatal(err)
	}
	c = claimsOf(t, bare)
	if c["htu"] != "https://api.example.com/" {
		t.Errorf("CL21 htu of an empty path is %v", c["htu"])
	}
	if _, ok := c["ath"]; ok {
		t.Error("CL21 ath without a token")
	}
	if _, ok := c["nonce"]; ok {
		t.Error("CL21 nonce without a nonce")
	}
}

func TestKey_CL21_FreshJTI(t *testing.T) {
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[any]bool{}
	for range 100 {
		proof, err := key.Proof("GET", theURI, "", "", now)
		if err != nil {
			t.Fatal(err)
		}
		jti := claimsOf(t, proof)["jti"]
		if s, _ := jti.(string); len(s) < 22 || seen[jti] {
			t.Fatalf("CL21 jti %v is short or was used before", jti)
		}
		seen[jti] = true
	}
}

func TestKey_CL21_C2_Refused(t *testing.T) {
	for name, signer := range map[string]crypto.Signer{"RSA 1024": keys().smallRSA, "P-384": keys().p384} {
		if _, err := dpop.NewKey(signer); err == nil {
			t.Errorf("C2 a key of %s is taken", name)
		}
	}
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][3]string{
		"no method": {"", theURI, ""}, "relative URI": {"GET", "/a", ""}, "huge nonce": {"GET", theURI, strings.Repeat("n", 8<<10)},
	} {
		if _, err := key.Proof(c[0], c[1], "", c[2], now); err == nil {
			t.Errorf("CL21 %s gives a proof", name)
		}
	}
}
