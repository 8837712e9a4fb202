package accesstoken_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls/mtlstest"
)

func rs256(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	signed := encode(map[string]any{"alg": "RS256", "typ": accesstoken.Type}) + "." + encode(goodClaims())
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func publicSet(t testing.TB, key *rsa.PrivateKey) jose.KeySet {
	t.Helper()
	return jose.NewKeySet(gojose.JSONWebKey{Key: key.Public()})
}

func boundToKey(t testing.TB) (confirmation.Confirmation, string) {
	t.Helper()
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	const uri = "https://as.example/token"
	header, err := key.Proof("POST", uri, "", "", now)
	if err != nil {
		t.Fatal(err)
	}
	nonces, err := dpop.NewNonces(make([]byte, 32), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	request := dpop.Request{Method: "POST", URI: uri, Headers: []string{header}}
	proof, err := dpop.Verify(request, dpop.NoToken(), dpop.OptionalNonce(nonces), dpop.DefaultMaxAge, now)
	if err != nil {
		t.Fatal(err)
	}
	return confirmation.FromProof(proof), key.Thumbprint()
}

func TestSign_AS57_AS58_AS59_AS69_TokensAreBoundAndComplete(t *testing.T) {
	s := newSigner(t)
	byKey, thumbprint := boundToKey(t)
	certificate, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, "partner"), nil).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		conf confirmation.Confirmation
		want confirmation.Claim
	}{
		{"AS59 DPoP key", byKey, confirmation.Claim{JKT: thumbprint}},
		{"AS58 certificate", confirmation.FromCertificate(certificate), confirmation.Claim{X5T: certificate.Thumbprint()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := accesstoken.Sign(s, accesstoken.Claims{
				Issuer: issuer, Subject: "partner", Audience: jose.OneAudience(audience), ClientID: "partner",
				Scope: "accounts.read", ID: "token-1", IssuedAt: jose.DateOf(now), Expires: jose.DateOf(now.Add(time.Minute)),
				Confirmation: &confirmation.Claim{JKT: "of somebody else"},
			}, c.conf)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(raw, es256, jose.NewKeySet(s.Public()), expectation()); err != nil {
				t.Fatalf("AS69 our own token is refused: %v", err)
			}
			unverified, _ := accesstoken.Parse(raw)
			verified, _ := unverified.Verify(es256, jose.NewKeySet(s.Public()))
			if got := verified.Claims().Confirmation; got == nil || *got != c.want {
				t.Errorf("AS57 cnf is %+v, want %+v", got, c.want)
			}
			if verified.Type() != "at+jwt" {
				t.Errorf("AS69 typ is %q", verified.Type())
			}
		})
	}
}

func TestSign_AS57_RefusesAZeroConfirmation(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("AS57 a token was made that is bound to nothing")
		}
	}()
	_, _ = accesstoken.Sign(newSigner(t), accesstoken.Claims{}, confirmation.Confirmation{})
}
