package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gatehouse.example/internal/secret"
)

const plain = "correct horse battery staple"

func TestHandle_C3_IsFreshAndLong(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		h := secret.NewHandle().Reveal()
		raw, err := base64.RawURLEncoding.DecodeString(h)
		if err != nil {
			t.Fatalf("C3: the handle is not base64url: %v", err)
		}
		if len(raw) < 16 {
			t.Fatalf("C3: the handle has %d bits, want at least 128", 8*len(raw))
		}
		if seen[h] {
			t.Fatal("C3: a handle came twice")
		}
		seen[h] = true
	}
}

func TestHandle_C3_KnownByItsDigest(t *testing.T) {
	h := secret.NewHandle()
	if h.Digest() != secret.DigestOf(h.Reveal()) {
		t.Error("C3: the digest is not that of the handle's text")
	}
	if strings.Contains(h.Digest().Hex(), h.Reveal()) || len(h.Digest().Hex()) != 64 {
		t.Errorf("C3: the digest is %q", h.Digest().Hex())
	}
	if !h.Digest().Equal(h.Digest()) || h.Digest().Equal(secret.NewHandle().Digest()) {
		t.Error("C3: Equal does not tell digests apart")
	}
}

func TestHandle_C3_TheZeroOnePanics(t *testing.T) {
	for name, use := range map[string]func(){
		"Reveal": func() { _ = secret.Handle{}.Reveal() },
		"Digest": func() { _ = secret.Handle{}.Digest() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("C3: %s of the zero Handle gave a value", name)
				}
			}()
			use()
		}()
	}
}

// The SHA-256 of "abc" is in FIPS 180-4's examples.
func TestDigest_C3_IsSHA256(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := secret.DigestOf("abc").Hex(); got != want {
		t.Errorf("C3: digest %s, want %s", got, want)
	}
}

func TestText_RevealAndEqual(t *testing.T) {
	a, b := secret.NewText(plain), secret.NewText(plain)
	if a.Reveal() != plain || a.Empty() {
		t.Errorf("Reveal gave %q, Empty %v", a.Reveal(), a.Empty())
	}
	if !a.Equal(b) || a.Equal(secret.NewText(plain+".")) || a.Equal(secret.Text{}) {
		t.Error("Equal is wrong")
	}
	var zero secret.Text
	if !zero.Empty() || zero.Reveal() != "" || !zero.Equal(secret.NewText("")) || !secret.NewText("").Empty() {
		t.Error("the zero Text is not the empty one")
	}
}

// holder keeps a secret in a field that fmt may read but not call methods on,
// which is where a redacting String method does not help.
type holder struct {
	name  string
	inner secret.Text
}

func TestSecrets_C3_AreRedactedWhereverTheyArePrinted(t *testing.T) {
	text, handle := secret.NewText(plain), secret.NewHandle()
	sealer := openSealer(t, &memoryKeyring{}, passphrase)
	values := map[string]any{
		"text": text, "pointer to text": &text, "handle": handle, "pointer to handle": &handle,
		"exported field":     struct{ Secret secret.Text }{text},
		"unexported field":   holder{"n", text},
		"pointer to struct":  &holder{"n", text},
		"handle in a struct": struct{ h secret.Handle }{handle},
		"slice":              []secret.Text{text},
		"map":                map[string]secret.Handle{"a": handle},
		"sealer":             sealer,
		"sealer in a struct": struct{ s *secret.Sealer }{sealer},
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			refuseLeak(t, name+" "+verb, fmt.Sprintf(verb, v), handle)
		}
		asJSON, _ := json.Marshal(v)
		refuseLeak(t, name+" as JSON", string(asJSON), handle)
		if !strings.Contains(name, "sealer") {
			asYAML, _ := yaml.Marshal(v)
			refuseLeak(t, name+" as YAML", string(asYAML), handle)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
		refuseLeak(t, name+" in a log", log.String(), handle)
	}
}

func TestSecrets_C3_SayThatTheyAreRedacted(t *testing.T) {
	for _, v := range []any{secret.NewText(plain), secret.NewHandle()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			if got := fmt.Sprintf(verb, v); got != "[redacted]" {
				t.Errorf("C3: %T by %s is %q", v, verb, got)
			}
		}
	}
}

func refuseLeak(t *testing.T, where, printed string, h secret.Handle) {
	t.Helper()
	for _, s := range []string{plain, h.Reveal()} {
		for _, form := range []string{s, fmt.Sprintf("%x", s), fmt.Sprintf("%X", s)} {
			if strings.Contains(printed, form) {
				t.Errorf("C3: %s shows a secret", where)
			}
		}
	}
}
