package dpop_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"gatehouse.example/dpop"
)

// BenchmarkVerify is the whole check of one proof, as a gateway makes it.
func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct {
		name   string
		signer crypto.Signer
	}{{"ES256", keys().ec}, {"PS256", keys().rsa}, {"EdDSA", keys().ed}} {
		b.Run(c.name, func(b *testing.B) {
			key, err := dpop.NewKey(c.signer)
			if err != nil {
				b.Fatal(err)
			}
			proof, err := key.Proof("GET", theURI, theToken, nonces().Issue(now), now)
			if err != nil {
				b.Fatal(err)
			}
			a := goodAttempt(proof)
			a.rule = dpop.RequireNonce(nonces())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.verify(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSignatureOnly is what ES256 itself costs: the floor of BenchmarkVerify/ES256.
func BenchmarkSignatureOnly(b *testing.B) {
	key := keys().ec
	sum := sha256.Sum256([]byte(theURI))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig) {
			b.Fatal("signature does not verify")
		}
	}
}

func BenchmarkProof(b *testing.B) {
	key, err := dpop.NewKey(keys().ec)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Proof("GET", theURI, theToken, "", now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNonce(b *testing.B) {
	nonce := nonces().Issue(now)
	b.ReportAllocs()
	for b.Loop() {
		if err := nonces().Judge(nonce, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNormalizeURI(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dpop.NormalizeURI(theURI); err != nil {
			b.Fatal(err)
		}
	}
}
