package gatehouse_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every fuzz target begins from seeds that lie in its folder: from an empty one
// a fuzzer finds nothing in the seconds that it is given.
func TestSeeds_EveryFuzzTargetHasSome(t *testing.T) {
	targets := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			targets++
			folder := filepath.Join(filepath.Dir(path), "testdata", "fuzz", f.Name.Name)
			if seeds, err := os.ReadDir(folder); err != nil || len(seeds) == 0 {
				t.Errorf("%s: no seeds in %s", f.Name.Name, folder)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if targets < 4 {
		t.Errorf("only %d fuzz targets were found", targets)
	}
}
