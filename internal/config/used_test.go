package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// notYetUsed are the values that nothing reads in this release.
var notYetUsed = map[string]string{
	"Scope.Description":     "for the consent page, which comes with the authorization endpoint",
	"Scope.HighValue":       "is in Route.DenyUnaudited",
	"Issuer.ClientCAFile":   "was read into ClientCA",
	"Client.JWKSFile":       "was read into Keys",
	"TrustedIssuer.CAFile":  "was read into Roots",
	"Upstream.CAFile":       "was read into Roots",
	"TrustedIssuer.Profile": "there is one; it has judged Algorithms",

	"ClientCertificates.CAFile":           "was read into Bundle",
	"ClientCertificates.MaxIntermediates": "is in Bundle",
}

// A setting that is accepted and has no effect is worse than none: every value
// that the file can set is read by those who run it.
func TestUsed_EveryValueIsReadBySomebody(t *testing.T) {
	selected := map[string]bool{}
	for _, folder := range []string{"../serve", "../../cmd/gatehouse"} {
		selectors(t, folder, selected)
	}
	walkFields(reflect.TypeFor[Config](), map[reflect.Type]bool{}, func(owner reflect.Type, f reflect.StructField) {
		name := owner.Name() + "." + f.Name
		_, excused := notYetUsed[name]
		if !selected[f.Name] && !excused {
			t.Errorf("%s can be set, and nobody reads it", name)
		}
	})
}

// selectors notes every name that is selected from something in a folder's code.
func selectors(t *testing.T, folder string, selected map[string]bool) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				selected[s.Sel.Name] = true
			}
			return true
		})
	}
}

// walkFields visits the exported fields of a struct of this package and of
// those within it.
func walkFields(t reflect.Type, seen map[reflect.Type]bool, visit func(reflect.Type, reflect.StructField)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[Config]().PkgPath() || seen[t] {
		return
	}
	seen[t] = true
	for f := range t.Fields() {
		if f.IsExported() {
			visit(t, f)
			walkFields(f.Type, seen, visit)
		}
	}
}
