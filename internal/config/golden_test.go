package config

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is said now to the golden files")

// Everything that is wrong with a file comes out of one run, in the order of
// its lines, each with file, line and column.
func TestGolden_EveryMistakeInOneRun(t *testing.T) {
	const name, golden = "testdata/mistakes.yaml", "testdata/mistakes.golden"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	config, problems := Parse(name, data, Whole())
	if config != nil {
		t.Error("a config came out of it")
	}
	got := problems.String() + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-golden +now:\n%s", diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("a secret is shown")
	}
	for i, p := range problems[1:] {
		if before := problems[i]; p.Line < before.Line || p.Line == before.Line && p.Column < before.Column {
			t.Errorf("%s comes after %s", p, before)
		}
	}
}

// Text that is no YAML, and files that are none.
func TestGolden_NotAFileAtAll(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "g.yaml:1:1: the file is empty; gatehouse init writes one to start from"},
		{"only a comment", "# nothing\n", "g.yaml:1:1: the file is empty; gatehouse init writes one to start from"},
		{"not UTF-8", "version: \xff", "g.yaml:1:1: the file is not UTF-8 text"},
		{"UTF-16", "\xff\xfev\x00", "g.yaml:1:1: the file is not UTF-8 text"},
		{"a single value", "hunter2", "g.yaml:1:1: is a single value; expected a mapping of keys"},
		{"a list", "- a", "g.yaml:1:1: is a list; expected a mapping of keys"},
		{"bad YAML", "version: 1\n  scopes: [", "g.yaml:2:1: not valid YAML: mapping values are not allowed in this context"},
		{"an unknown alias", "version: *hunter2", "g.yaml: " + magic},
		{"bad YAML in a second document", "version: 1\n---\n[", "did not find expected node content"},
	} {
		_, problems := Parse("g.yaml", []byte(c.text), Whole())
		if got := problems.String(); !strings.Contains(got, c.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
