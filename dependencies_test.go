package gatehouse_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependencies holds docs/dependencies.md to go.mod: every module that is
// required directly has a row, and no row speaks of another.
func TestDependencies(t *testing.T) {
	mod, doc := read(t, "go.mod"), read(t, "docs/dependencies.md")
	required, named := directModules(mod), namedModules(doc)
	if len(required) == 0 || len(named) == 0 {
		t.Fatalf("%d modules in go.mod, %d in the document", len(required), len(named))
	}
	for _, m := range required {
		// What nothing imports is for "go mod tidy" to take out.
		if !slices.Contains(named, m) && ownTree(t).imports(m) {
			t.Errorf("go.mod requires %s, and docs/dependencies.md does not say why", m)
		}
	}
	for _, m := range named {
		if !slices.Contains(required, m) {
			t.Errorf("docs/dependencies.md has a row for %s, which go.mod does not require directly", m)
		}
	}
}

// imports tells whether any file, tests too, imports a package of the module.
func (t *tree) imports(mod string) bool {
	return slices.ContainsFunc(t.files, func(s *source) bool {
		return slices.ContainsFunc(s.uses(), func(u use) bool { return u.path == mod || strings.HasPrefix(u.path, mod+"/") })
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var requirement = regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.-]+\.[a-z]+/\S+) v\S+$`)

// directModules gives what go.mod requires without the mark "// indirect".
func directModules(mod string) []string { return firsts(requirement, mod) }

var documented = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

func namedModules(doc string) []string { return firsts(documented, doc) }

func firsts(pattern *regexp.Regexp, text string) []string {
	var out []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestDependencies_Notice(t *testing.T) {
	mod := strings.Join([]string{"module gatehouse.example", "", "go 1.26.0", "", "require example.com/one v1.0.0", "",
		"require (", "\texample.com/two/v2 v2.1.0", "\texample.com/three v0.1.0 // indirect", ")"}, "\n")
	if got := directModules(mod); !slices.Equal(got, []string{"example.com/one", "example.com/two/v2"}) {
		t.Errorf("required directly: %q", got)
	}
	if got := namedModules("| module | what |\n|---|---|\n| `example.com/one` | x |\n"); !slices.Equal(got, []string{"example.com/one"}) {
		t.Errorf("named: %q", got)
	}
}
