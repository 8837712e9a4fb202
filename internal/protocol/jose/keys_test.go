package jose_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
)

func TestParseKeySet_C2_C4_WhatIsReadPassedOverAndRefused(t *testing.T) {
	ec, rsaKey := keys()["P-256"].Public(), keys()["RSA"].Public()
	good := jwk(t, ec, map[string]any{"kid": "good"})
	short := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2046, 1), E: 65537}
	for _, c := range []struct {
		name string
		set  []byte
		keys int
		want string // a part of the error; "" when the set is read
	}{
		{"C4 a key", set(t, good), 1, ""},
		{"C4 no keys", []byte(`{"keys":[]}`), 0, ""},
		{"C4 null for a key", []byte(`{"keys":[null]}`), 0, "key 0 of the JWK Set"},
		{"C4 unknown members", set(t, jwk(t, ec, map[string]any{"color": "red"})), 1, ""},
		{"C4 a key of an unknown type is passed over", set(t, map[string]any{"kty": "NEW", "x": "AA"}, good), 1, ""},
		{"C4 a key of an unknown curve is passed over", set(t, jwk(t, ec, map[string]any{"crv": "secp256k1"}), good), 1, ""},
		{"C4 an X25519 key is passed over", set(t, map[string]any{"kty": "OKP", "crv": "X25519", "x": "AA"}, good), 1, ""},
		{"C4 an encryption key is passed over", set(t, jwk(t, rsaKey, map[string]any{"use": "enc"}), good), 1, ""},
		{"C4 certificates are not looked at", set(t, jwk(t, ec, map[string]any{"x5c": []string{"AAAA"}, "x5t": "AA", "x5t#S256": "AA", "x5u": ":"})), 1, ""},

		{"C2 an RSA key of 2047 bits", set(t, jwk(t, short, nil)), 0, "RSA key has 2047 bits, at least 2048 are needed"},
		{"C4 a private key", set(t, jwk(t, ec, map[string]any{"d": base64.RawURLEncoding.EncodeToString(make([]byte, 32))})), 0, "key 0 of the JWK Set"},
		{"C4 a symmetric key", set(t, map[string]any{"kty": "oct", "k": "c2VjcmV0"}), 0, "not a public key"},
		{"C4 a point off the curve", set(t, jwk(t, ec, map[string]any{"x": jwk(t, ec, nil)["y"]})), 0, "not on declared curve"},
		{"C4 no type", set(t, good, map[string]any{"kid": "x"}), 0, "key 1 of the JWK Set"},
		{"C4 a use that is no text", set(t, jwk(t, ec, map[string]any{"use": 1})), 0, "key 0 of the JWK Set"},
		{"C4 no keys member", []byte(`{}`), 0, `no "keys" array`},
		{"C4 keys in another case", []byte(`{"Keys":[]}`), 0, `no "keys" array`},
		{"C4 keys twice", []byte(`{"keys":[],"keys":[]}`), 0, "not a JWK Set"},
		{"C4 a member twice", []byte(`{"keys":[{"kty":"EC","kty":"RSA"}]}`), 0, "not a JWK Set"},
		{"C4 keys is an object", []byte(`{"keys":{}}`), 0, "not a JWK Set"},
		{"C4 HTML", []byte(`<html>`), 0, "not a JWK Set"},
		{"C4 too many keys", set(t, make([]map[string]any, 101)...), 0, "at most 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := jose.ParseKeySet(c.set)
			switch {
			case c.want == "" && (err != nil || len(got.Keys()) != c.keys):
				t.Errorf("%d keys, %v; want %d", len(got.Keys()), err, c.keys)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckPublic_C2_SmallKeys(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := jose.CheckPublic(&gojose.JSONWebKey{Key: p224.Public()}); err != nil {
		t.Errorf("C2 allows 224 bits: %v", err)
	}
	for name, key := range map[string]any{
		"C2 RSA 1024":      &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537},
		"C2 short Ed25519": ed25519.PublicKey(make([]byte, 16)),
		"C2 symmetric":     []byte("secret"),
		"C2 private":       keys()["P-256"],
		"C2 nothing":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			if err := jose.CheckPublic(&gojose.JSONWebKey{Key: key}); err == nil {
				t.Error("the key passes")
			}
		})
	}
}

func TestNewSigner_C1_C2_RefusesOtherKeys(t *testing.T) {
	small := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537}}
	for name, key := range map[string]crypto.Signer{"C1 P-384": keys()["P-384"], "C2 RSA 1024": small} {
		t.Run(name, func(t *testing.T) {
			if _, err := jose.NewSigner(key, ""); err == nil {
				t.Error("the signer was made")
			}
		})
	}
}

func TestVerifyWith_C4_KeysOfOneKidAreToldApart(t *testing.T) {
	ec, edwards, rsaKey := signer(t, "P-256", "same"), signer(t, "Ed25519", "same"), signer(t, "RSA", "same")
	all := jose.NewKeySet(rsaKey.Public(), edwards.Public(), ec.Public())
	bare := make([]gojose.JSONWebKey, 0, 3) // without alg: type and curve decide
	for _, k := range all.Keys() {
		k.Algorithm = ""
		bare = append(bare, k)
	}
	for _, s := range []*jose.Signer{ec, edwards, rsaKey} {
		for name, keys := range map[string]jose.KeySet{"by alg": all, "by type and curve": jose.NewKeySet(bare...)} {
			t.Run("C4 "+s.Algorithm()+" "+name, func(t *testing.T) {
				token, err := jose.Parse(sign(t, s, struct{}{}), fapi, 4096)
				if err != nil {
					t.Fatal(err)
				}
				if n := len(keys.Candidates(token.Header)); n != 1 {
					t.Errorf("%d candidates, want 1", n)
				}
				if _, _, err := token.VerifyWith(keys); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestVerifyWith_C4_C7_WhichKeysAreTried(t *testing.T) {
	mine := signer(t, "P-256", "mine")
	token, err := jose.Parse(sign(t, mine, struct{}{}), fapi, 4096)
	if err != nil {
		t.Fatal(err)
	}
	noKid, err := jose.Parse(forge(t, gojose.ES256, keys()["P-256"], nil), fapi, 4096)
	if err != nil {
		t.Fatal(err)
	}
	others := func(n int, kid string) (out []gojose.JSONWebKey) {
		for range n {
			k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, gojose.JSONWebKey{Key: k.Public(), KeyID: kid})
		}
		return out
	}
	pinned := mine.Public()
	pinned.Algorithm = "PS256"
	for _, c := range []struct {
		name  string
		token *jose.Token
		keys  []gojose.JSONWebKey
		want  error
	}{
		{"C4 its kid", token, []gojose.JSONWebKey{mine.Public()}, nil},
		{"C4 its kid among others", token, append(others(10, "other"), mine.Public()), nil},
		{"C4 two keys of its kid", token, append(others(1, "mine"), mine.Public()), nil},
		{"C4 no kid, few keys", noKid, append(others(3, "other"), mine.Public()), nil},
		{"C4 no kid, too many keys", noKid, append(others(4, "other"), mine.Public()), jose.ErrNoKey},
		{"C4 unknown kid", token, others(1, "other"), jose.ErrNoKey},
		{"C4 its kid on another key", token, others(1, "mine"), jose.ErrSignature},
		{"C4 no keys", token, nil, jose.ErrNoKey},
		{"C7 key pinned to another algorithm", token, []gojose.JSONWebKey{pinned}, jose.ErrNoKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := c.token.VerifyWith(jose.NewKeySet(c.keys...)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestKeySet_C4_DropsPrivateHalvesAndReadsItselfBack(t *testing.T) {
	private := gojose.JSONWebKey{Key: keys()["P-256"], KeyID: "k1", Algorithm: "ES256", Use: "sig"}
	text, err := jose.NewKeySet(private, signer(t, "Ed25519", "").Public()).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `"d":`) {
		t.Fatalf("a private key is published: %s", text)
	}
	back, err := jose.ParseKeySet(text)
	if err != nil || len(back.Keys()) != 2 {
		t.Fatalf("%d keys, %v", len(back.Keys()), err)
	}
	again, err := back.MarshalJSON()
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
	if empty, err := (jose.KeySet{}).MarshalJSON(); err != nil || string(empty) != `{"keys":[]}` {
		t.Errorf("an empty set is %s, %v", empty, err)
	}
}

// RFC 7638 §3.1 has this key and its thumbprint.
func TestThumbprint_OfTheRFC(t *testing.T) {
	const text = `{"keys":[{"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}]}`
	keys, err := jose.ParseKeySet([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := jose.Thumbprint(&keys.Keys()[0]); err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("got %s, %v", got, err)
	}
}

// handle is a key that only signs, as a hardware module's is.
type handle struct{ inside crypto.Signer }

func (h handle) Public() crypto.PublicKey { return h.inside.Public() }
func (h handle) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if pss, ok := opts.(*rsa.PSSOptions); ok && pss.SaltLength != rsa.PSSSaltLengthEqualsHash {
		return nil, fmt.Errorf("asked for a salt of %d", pss.SaltLength)
	}
	return h.inside.Sign(r, digest, opts)
}

func TestSigner_C1_KeysThatNeverLeaveTheirModule(t *testing.T) {
	for _, key := range []string{"P-256", "RSA", "Ed25519"} {
		t.Run("C1 "+key, func(t *testing.T) {
			s, err := jose.NewSigner(handle{keys()[key]}, "")
			if err != nil {
				t.Fatal(err)
			}
			token, err := jose.Parse(sign(t, s, struct{}{}), fapi, 4096)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := token.VerifyWith(jose.NewKeySet(s.Public())); err != nil {
				t.Error(err)
			}
			public := s.Public()
			if thumbprint, _ := jose.Thumbprint(&public); public.KeyID != thumbprint {
				t.Errorf("kid is %q, want the thumbprint", public.KeyID)
			}
		})
	}
}

func FuzzParseKeySet(f *testing.F) {
	f.Add(set(f, jwk(f, keys()["P-256"].Public(), nil), jwk(f, keys()["RSA"].Public(), map[string]any{"use": "enc"})))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := jose.ParseKeySet(text)
		if err != nil {
			return
		}
		written, err := keys.MarshalJSON()
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", text, err)
		}
		back, err := jose.ParseKeySet(written)
		if err != nil || len(back.Keys()) != len(keys.Keys()) {
			t.Fatalf("%s does not read back: %v", written, err)
		}
	})
}
