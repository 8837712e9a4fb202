package sqlstore

import (
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Statements are found in the source, so that none can be forgotten.
func TestStatements_AllPrepare(t *testing.T) {
	s := openStore(t, t.TempDir())
	found := statementsInSource(t)
	if len(found) < 10 {
		t.Fatalf("only %d statements found", len(found))
	}
	for name, text := range found {
		// The writer's connection is the goroutine's own, so prepare on a
		// reader: preparing changes nothing.
		durable, short := prepares(s.durable.readers, text), prepares(s.short.readers, text)
		if durable != nil && short != nil {
			t.Errorf("%s prepares on neither file: %v; %v", name, durable, short)
		}
		if strings.Contains(text, "?") || strings.Contains(strings.ToLower(text), "now(") {
			t.Errorf("%s uses what not every database has", name)
		}
	}
}

func prepares(db *sql.DB, text string) error {
	p, err := db.Prepare(text)
	if err != nil {
		return err
	}
	return p.Close()
}

func statementsInSource(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range sources(t) {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "statement" {
					continue
				}
				text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found[v.Names[0].Name] = text
			}
		}
	}
	return found
}

// No text is turned into a statement anywhere else: not a literal in a call,
// and not one put together.
func TestStatements_AreConstantsOnly(t *testing.T) {
	found := statementsInSource(t)
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "statement" {
				t.Errorf("%s: a statement is made from other text", file.Name)
			}
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING && looksLikeSQL(lit.Value) {
					t.Errorf("the literal %s is run as a statement", lit.Value)
				}
			}
			return true
		})
	}
	for name, text := range found {
		if !looksLikeSQL(text) {
			t.Errorf("%s is not recognized as SQL by this test", name)
		}
	}
}

func looksLikeSQL(s string) bool {
	s = strings.TrimLeft(s, "`\" \n\t")
	for _, verb := range []string{"SELECT ", "INSERT ", "UPDATE ", "DELETE ", "BEGIN", "COMMIT", "SAVEPOINT ", "RELEASE ", "ROLLBACK", "PRAGMA "} {
		if strings.HasPrefix(s, verb) {
			return true
		}
	}
	return false
}

func sources(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// A row that can expire is reached by an index, or each sweep reads the table.
func TestStatements_SweepsUseAnIndex(t *testing.T) {
	s := openStore(t, t.TempDir())
	for d, q := range map[*database]statement{s.short: forgetSpent, s.durable: forgetTokens} {
		plan := explainPlan(t, d.readers, q, 1, sweepLength)
		if strings.Contains(plan, "SCAN spent") || strings.Contains(plan, "SCAN issued_tokens") {
			t.Errorf("%s reads the whole table:\n%s", q, plan)
		}
	}
}

func explainPlan(t *testing.T, db *sql.DB, q statement, args ...any) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+string(q), args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// Migrations are for ever: each says how to go up, and none is numbered twice.
func TestMigrations_AreNumberedAndGoUp(t *testing.T) {
	for _, k := range []kind{durableFile, shortFile} {
		entries, err := fs.ReadDir(migrations, k.migrations)
		if err != nil || len(entries) == 0 {
			t.Fatalf("%s: %d migrations, %v", k.name, len(entries), err)
		}
		for i, e := range entries {
			text, err := fs.ReadFile(migrations, k.migrations+"/"+e.Name())
			if err != nil {
				t.Fatal(err)
			}
			number, _, _ := strings.Cut(e.Name(), "_")
			if n, err := strconv.Atoi(number); err != nil || n != i+1 {
				t.Errorf("%s: migration %s is not number %d", k.name, e.Name(), i+1)
			}
			if !strings.HasPrefix(string(text), "-- +goose Up\n") {
				t.Errorf("%s: migration %s does not go up", k.name, e.Name())
			}
		}
	}
}
