package jose_test

import (
	"errors"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
)

var fapi = []string{"ES256", "PS256", "EdDSA"}

func TestSigner_C1_SignsByTheKeysAlgorithm(t *testing.T) {
	for key, alg := range map[string]string{"P-256": "ES256", "RSA": "PS256", "Ed25519": "EdDSA"} {
		t.Run("C1 "+alg, func(t *testing.T) {
			s := signer(t, key, "k1")
			token, err := jose.Parse(sign(t, s, map[string]string{"iss": "me"}), fapi, 4096)
			if err != nil {
				t.Fatal(err)
			}
			if h := token.Header; h.Algorithm != alg || s.Algorithm() != alg || h.Type != "test+jwt" || h.KeyID != "k1" || h.JWK != nil {
				t.Errorf("header is %+v", h)
			}
			payload, used, err := token.VerifyWith(jose.NewKeySet(s.Public()))
			if err != nil || string(payload) != `{"iss":"me"}` || used.KeyID != "k1" {
				t.Errorf("payload %s by %v: %v", payload, used, err)
			}
		})
	}
}

func TestParse_C1_C4_C7_Refusals(t *testing.T) {
	p256, rsaKey := keys()["P-256"], keys()["RSA"]
	good := sign(t, signer(t, "P-256", ""), map[string]string{"iss": "me"})
	for _, c := range []struct {
		name, token string
		want        error
	}{
		{"C1 none", raw(`{"alg":"none"}`, `{}`), jose.ErrAlgorithm},
		{"C1 none in capitals", raw(`{"alg":"NONE"}`, `{}`), jose.ErrAlgorithm},
		{"C1 none without a signature", strings.TrimSuffix(raw(`{"alg":"none"}`, `{}`), strings.Split(raw(``, ``), ".")[2]), jose.ErrAlgorithm},
		{"C1 HS256 with the public key as its secret", forge(t, gojose.HS256, []byte("the public key's bytes, as PEM, say 32+"), nil), jose.ErrAlgorithm},
		{"C1 RS256", forge(t, gojose.RS256, rsaKey, nil), jose.ErrAlgorithm},
		{"C1 ES384", forge(t, gojose.ES384, keys()["P-384"], nil), jose.ErrAlgorithm},
		{"C7 no alg", raw(`{"typ":"JWT"}`, `{}`), jose.ErrAlgorithm},
		{"C7 alg twice", raw(`{"alg":"ES256","alg":"none"}`, `{}`), jose.ErrMalformed},
		{"C7 alg in another case", raw(`{"ALG":"ES256"}`, `{}`), jose.ErrAlgorithm},
		{"C7 alg is a list", raw(`{"alg":["ES256"]}`, `{}`), jose.ErrAlgorithm},
		{"C7 typ is a number", forge(t, gojose.ES256, p256, map[gojose.HeaderKey]any{"typ": 1}), jose.ErrMalformed},
		{"C7 kid is a number", raw(`{"alg":"ES256","kid":1}`, `{}`), jose.ErrMalformed},
		{"C7 crit", forge(t, gojose.ES256, p256, map[gojose.HeaderKey]any{"crit": []string{"exp"}, "exp": 1}), jose.ErrCritical},
		{"C7 empty crit", forge(t, gojose.ES256, p256, map[gojose.HeaderKey]any{"crit": []string{}}), jose.ErrCritical},
		{"C7 b64", raw(`{"alg":"ES256","b64":false}`, `{}`), jose.ErrCritical},
		{"C7 JSON serialisation", `{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA"}`, jose.ErrMalformed},
		{"C7 five parts", good + ".x.y", jose.ErrMalformed},
		{"C7 two parts", good[:strings.LastIndex(good, ".")], jose.ErrMalformed},
		{"C7 no text", "", jose.ErrMalformed},
		{"C7 padded base64", strings.Replace(good, ".", "=.", 1), jose.ErrMalformed},
		{"C7 header is no object", raw(`"ES256"`, `{}`), jose.ErrMalformed},
		{"C7 line break inside", good[:20] + "\n" + good[20:], jose.ErrMalformed},
		{"C7 space around", " " + good + " ", jose.ErrMalformed},
		{"C7 too large", good + strings.Repeat("A", 4096), jose.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := jose.Parse(c.token, fapi, 4096)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v %v, want %v", token, err, c.want)
			}
		})
	}
}

func TestParse_C7_OnlyTheCallersAlgorithms(t *testing.T) {
	token := sign(t, signer(t, "RSA", ""), struct{}{})
	for _, allowed := range [][]string{nil, {}, {"ES256"}, {"RS256", "EdDSA"}} {
		if _, err := jose.Parse(token, allowed, 4096); err == nil {
			t.Errorf("a PS256 token passed where only %q is allowed", allowed)
		}
	}
	if _, err := jose.Parse(token, []string{"PS256"}, 4096); err != nil {
		t.Error(err)
	}
}

func TestVerify_C1_C7_SignatureMustHold(t *testing.T) {
	s := signer(t, "P-256", "k1")
	public := s.Public()
	parts := strings.Split(sign(t, s, map[string]string{"iss": "me"}), ".")
	other := strings.Split(sign(t, s, map[string]string{"iss": "you"}), ".")
	edwards := signer(t, "Ed25519", "k1").Public()
	for _, c := range []struct {
		name  string
		token []string
		key   *gojose.JSONWebKey
	}{
		{"C1 another payload", []string{parts[0], other[1], parts[2]}, &public},
		{"C1 another header", []string{strings.Split(raw(`{"alg":"ES256","kid":"k2"}`, ""), ".")[0], parts[1], parts[2]}, &public},
		{"C1 a signature of zeros", []string{parts[0], parts[1], strings.Split(raw("", ""), ".")[2]}, &public},
		{"C1 no signature", []string{parts[0], parts[1], ""}, &public},
		{"C7 a key of another kind", parts, &edwards},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := jose.Parse(strings.Join(c.token, "."), fapi, 4096)
			if err != nil {
				t.Fatal(err)
			}
			if payload, err := token.Verify(c.key); !errors.Is(err, jose.ErrSignature) || payload != nil {
				t.Errorf("got %s, %v; want ErrSignature", payload, err)
			}
		})
	}
}

func TestParse_C4_KeysInTheHeaderVouchForNothing(t *testing.T) {
	attacker := signer(t, "P-256", "")
	embedded, err := attacker.SignEmbedding("test+jwt", map[string]string{"iss": "me"})
	if err != nil {
		t.Fatal(err)
	}
	ours := jose.NewKeySet(signer(t, "Ed25519", "k1").Public())
	for name, compact := range map[string]string{
		"C4 jwk": embedded,
		"C4 jku": forge(t, gojose.ES256, keys()["P-256"], map[gojose.HeaderKey]any{"jku": "https://evil.example/jwks"}),
		"C4 x5u": forge(t, gojose.ES256, keys()["P-256"], map[gojose.HeaderKey]any{"x5u": "https://evil.example/cert"}),
	} {
		t.Run(name, func(t *testing.T) {
			token, err := jose.Parse(compact, fapi, 4096)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := token.VerifyWith(ours); !errors.Is(err, jose.ErrNoKey) {
				t.Errorf("got %v, want ErrNoKey", err)
			}
		})
	}
}

func TestSignEmbedding_CarriesThePublicKeyAlone(t *testing.T) {
	for _, key := range []string{"P-256", "RSA", "Ed25519"} {
		compact, err := signer(t, key, "k1").SignEmbedding("dpop+jwt", struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		token, err := jose.Parse(compact, fapi, 4096)
		if err != nil {
			t.Fatal(err)
		}
		if h := token.Header; h.JWK == nil || !h.JWK.IsPublic() || h.KeyID != "" {
			t.Errorf("%s: header is %+v", key, h)
		}
		if _, err := token.Verify(token.Header.JWK); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	s := signer(f, "P-256", "k1")
	f.Add(sign(f, s, map[string]string{"iss": "me"}))
	f.Add(raw(`{"alg":"none"}`, `{}`))
	f.Add(raw(`{"alg":"ES256","crit":["b64"],"b64":false}`, `{}`))
	f.Add("..")
	none := jose.NewKeySet(signer(f, "Ed25519", "k1").Public(), signer(f, "RSA", "k1").Public())
	f.Fuzz(func(t *testing.T, compact string) {
		token, err := jose.Parse(compact, fapi, 4096)
		if err != nil {
			return
		}
		if len(compact) > 4096 || token.Header.Algorithm == "none" {
			t.Fatalf("parsed %q", compact)
		}
		if _, _, err := token.VerifyWith(none); err == nil {
			t.Fatalf("%q verifies by keys that nobody signs with", compact)
		}
	})
}
