package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func reference(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every key that the decoder knows has its row in the reference, and the
// reference has no row for any other.
func TestDocs_EveryKeyAndNoOther(t *testing.T) {
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.<>\\[\\]]+)` \\|").FindAllStringSubmatch(reference(t), -1) {
		documented = append(documented, m[1])
	}
	known := keysOf(grammar, "")
	if len(known) < 80 {
		t.Fatalf("only %d keys are known: the walk is broken", len(known))
	}
	for _, k := range known {
		if n := len(documented) - len(slices.DeleteFunc(slices.Clone(documented), func(s string) bool { return s == k })); n != 1 {
			t.Errorf("%s has %d rows in docs/configuration.md", k, n)
		}
	}
	for _, k := range documented {
		if !slices.Contains(known, k) {
			t.Errorf("docs/configuration.md explains %s, which is no key", k)
		}
	}
}

// keysOf lists the keys of a mapping the way the reference writes them.
func keysOf(r *rule, path string) []string {
	var out []string
	for _, k := range r.keys {
		full := strings.TrimPrefix(path+"."+k.name, ".")
		out = append(out, full)
		switch {
		case k.list:
			out = append(out, keysOf(k, full+"[]")...)
		case k.named:
			out = append(out, keysOf(k, full+".<name>")...)
		default:
			out = append(out, keysOf(k, full)...)
		}
	}
	return out
}

// The reference's complete example is right, and has every key but those that
// exclude each other.
func TestDocs_CompleteExample(t *testing.T) {
	_, rest, ok := strings.Cut(reference(t), "\n```yaml\n")
	example, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatal("docs/configuration.md has no yaml example")
	}
	c := parsed(t, example, Whole())
	if c.AuthServer == nil || c.Gateway == nil || len(c.Gateway.Routes) != 6 {
		t.Errorf("the example is not read whole: %+v", c)
	}
	excluded := []string{"unsafe_sealing_key_in_data_folder", "san_dns", "san_uri", "san_ip", "san_email"}
	for _, k := range keysOf(grammar, "") {
		name := k[strings.LastIndexAny(k, ".>")+1:]
		if !slices.Contains(excluded, name) && !strings.Contains(example, name+":") {
			t.Errorf("the complete example lacks %s", k)
		}
	}
}

// The message that the reference shows is the one that is given.
func TestDocs_MessageShown(t *testing.T) {
	_, rest, _ := strings.Cut(reference(t), "\n```text\n")
	shown, _, _ := strings.Cut(rest, "\n```\n")
	text := edited(t, "scope: payments.write", "scope: acounts.read",
		`  kyc.admin: {description: "See who a customer is"}`+"\n", "", ", kyc.admin]}", "]}")
	_, problems := Parse("gatehouse.yaml", []byte(text), Whole())
	place := regexp.MustCompile(`:\d+:\d+:`)
	got := place.ReplaceAllString(problems.String(), ":N:N:")
	if got != place.ReplaceAllString(shown, ":N:N:") {
		t.Errorf("shown: %s\ngiven: %s", shown, problems)
	}
}
