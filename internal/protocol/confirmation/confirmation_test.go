package confirmation_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/protocol/confirmation"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

var now = time.Unix(1_800_000_000, 0)

func newProof(t *testing.T) dpop.Proof {
	t.Helper()
	const uri = "https://as.example/token"
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
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
	return proof
}

func newCertificate(t *testing.T) mtls.Certificate {
	t.Helper()
	c, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, "partner"), nil).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfirmation_AS58_AS59_SaysWhatWasShown(t *testing.T) {
	proof, certificate := newProof(t), newCertificate(t)
	key, cert := confirmation.FromProof(proof), confirmation.FromCertificate(certificate)
	if key.Claim() != (confirmation.Claim{JKT: proof.Thumbprint()}) || key.TokenType() != "DPoP" || key.String() != "jkt:"+proof.Thumbprint() {
		t.Errorf("AS59 of a key: %+v, %s, %s", key.Claim(), key.TokenType(), key)
	}
	if cert.Claim() != (confirmation.Claim{X5T: certificate.Thumbprint()}) || cert.TokenType() != "Bearer" || cert.String() != "x5t#S256:"+certificate.Thumbprint() {
		t.Errorf("AS58 of a certificate: %+v, %s, %s", cert.Claim(), cert.TokenType(), cert)
	}
}

func TestClaim_RS4_RS5_MatchesOnlyWhatItNames(t *testing.T) {
	proof, other := newProof(t), newProof(t)
	certificate, otherCertificate := newCertificate(t), newCertificate(t)
	jkt, x5t := proof.Thumbprint(), certificate.Thumbprint()
	for _, c := range []struct {
		name             string
		claim            confirmation.Claim
		key, certificate bool
	}{
		{"RS4 names the key", confirmation.Claim{JKT: jkt}, true, false},
		{"RS5 names the certificate", confirmation.Claim{X5T: x5t}, false, true},
		{"RS4 names another key", confirmation.Claim{JKT: other.Thumbprint()}, false, false},
		{"RS5 names another certificate", confirmation.Claim{X5T: otherCertificate.Thumbprint()}, false, false},
		{"RS4 names both, so neither alone will do", confirmation.Claim{JKT: jkt, X5T: x5t}, false, false},
		{"RS4 names nothing", confirmation.Claim{}, false, false},
		{"RS4 names them the wrong way round", confirmation.Claim{JKT: x5t, X5T: ""}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.claim.MatchesProof(proof); got != c.key {
				t.Errorf("matches the proof: %v", got)
			}
			if got := c.claim.MatchesCertificate(certificate); got != c.certificate {
				t.Errorf("matches the certificate: %v", got)
			}
		})
	}
}

func TestClaim_RS4_ExactlyOneMethod(t *testing.T) {
	for _, c := range []struct {
		name, json, method string
		err                error
	}{
		{"RS4 a key", `{"jkt":"a"}`, "jkt", nil},
		{"RS4 a certificate", `{"x5t#S256":"a"}`, "x5t#S256", nil},
		{"RS8 an unknown method beside a known one", `{"jkt":"a","x-new":"b"}`, "jkt", nil},
		{"RS4 two methods", `{"jkt":"a","x5t#S256":"b"}`, "", confirmation.ErrTwo},
		{"RS4 an unknown method alone", `{"kid":"a"}`, "", confirmation.ErrNone},
		{"RS4 none", `{}`, "", confirmation.ErrNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			var claim confirmation.Claim
			if err := jose.Decode([]byte(c.json), &claim); err != nil {
				t.Fatal(err)
			}
			method, err := claim.Method()
			if method != c.method || !errors.Is(err, c.err) {
				t.Errorf("got %q and %v, want %q and %v", method, err, c.method, c.err)
			}
		})
	}
}

func TestClaim_AS58_AS59_IsWrittenByItsRegisteredNames(t *testing.T) {
	for name, claim := range map[string]confirmation.Claim{
		`{"jkt":"a"}`:      {JKT: "a"},
		`{"x5t#S256":"a"}`: {X5T: "a"},
	} {
		if got, err := json.Marshal(claim); err != nil || string(got) != name {
			t.Errorf("got %s and %v, want %s", got, err, name)
		}
	}
}

func TestConfirmation_AS57_ZeroValuesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"confirmation": func() { _ = confirmation.Confirmation{}.Claim() },
		"proof":        func() { _ = confirmation.FromProof(dpop.Proof{}) },
		"certificate":  func() { _ = confirmation.FromCertificate(mtls.Certificate{}) },
	} {
		t.Run("AS57 "+name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a zero value was taken")
				}
			}()
			f()
		})
	}
}
