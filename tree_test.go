package gatehouse_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the path by which rooms are imported.
const module = "gatehouse.example"

// tree is the source of the whole module, parsed in this process. (A tool that
// is called to list imports works behind the test cache's back, and the test
// would not run again when an import changes.)
type tree struct {
	fset  *token.FileSet
	files []*source
}

type source struct {
	path string // slash-separated, from the module's root
	dir  string // "." for the root
	test bool   // a _test.go file
	ast  *ast.File
}

// use is one import of a file.
type use struct {
	path string // the import path
	name string // the name given in the file, "" when none is
	at   token.Pos
}

// readTree parses every Go file below the root. Folders that the go tool
// passes over (testdata, and names that start with a dot or an underscore)
// are passed over here, and modules of their own too.
func readTree(root fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return passOver(root, name, d.Name())
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(t.fset, name, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		t.files = append(t.files, &source{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), ast: parsed,
		})
		return nil
	})
	return t, err
}

func passOver(root fs.FS, name, base string) error {
	if name == "." {
		return nil
	}
	if base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// house is this module's own tree, parsed once for all tests.
var house = sync.OnceValues(func() (*tree, error) { return readTree(os.DirFS(".")) })

func ownTree(t *testing.T) *tree {
	t.Helper()
	own, err := house()
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// shipped gives the files that are built into something.
func (t *tree) shipped() []*source {
	return slices.DeleteFunc(slices.Clone(t.files), func(s *source) bool { return s.test })
}

// dirs gives the folders that hold shipped code, sorted.
func (t *tree) dirs() []string {
	var out []string
	for _, s := range t.shipped() {
		if !slices.Contains(out, s.dir) {
			out = append(out, s.dir)
		}
	}
	slices.Sort(out)
	return out
}

func (s *source) uses() []use {
	var out []use
	for _, spec := range s.ast.Imports {
		u := use{at: spec.Pos()}
		u.path, _ = strconv.Unquote(spec.Path.Value)
		if spec.Name != nil {
			u.name = spec.Name.Name
		}
		out = append(out, u)
	}
	return out
}

// names gives, for an import path, the identifier that stands for it in the
// file, "" when the file does not import it.
func (s *source) nameOf(importPath string) string {
	for _, u := range s.uses() {
		if u.path != importPath {
			continue
		}
		if u.name != "" {
			return u.name
		}
		return defaultName(importPath)
	}
	return ""
}

// defaultName is a package's name by its path: the last part, but for a
// version at the end.
func defaultName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

// ownRoom gives the folder of an import path of this module.
func ownRoom(importPath string) (dir string, own bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// isStandard tells whether a path is the standard library's: only its paths
// have no dot in their first part. (The module's own name has one too.)
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// at says where something is, for a failure's message.
func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
