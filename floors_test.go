package gatehouse_test

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestFloors_N4_AS57_C7 enforces docs/architecture.md on the whole module. That
// its checks find what breaks the rules is shown in notice_test.go.
func TestFloors_N4_AS57_C7(t *testing.T) {
	for _, complaint := range complaints(ownTree(t)) {
		t.Error(complaint)
	}
}

// TestFloors_PlanIsTrue keeps the plan and its exceptions from outliving what
// they speak of.
func TestFloors_PlanIsTrue(t *testing.T) {
	own := ownTree(t)
	dirs := own.dirs()
	page := read(t, "docs/architecture.md")
	for _, r := range plan {
		if !strings.Contains(page, "`"+r.dir+"`") {
			t.Errorf("docs/architecture.md does not speak of %s", r.dir)
		}
		if !slices.ContainsFunc(dirs, func(dir string) bool { return dir == r.dir || strings.HasPrefix(dir, r.dir+"/") }) {
			t.Errorf("the plan has a room %s, which does not exist", r.dir)
		}
	}
	for _, e := range exceptions {
		used := slices.ContainsFunc(own.shipped(), func(s *source) bool {
			return s.dir == e.from && slices.ContainsFunc(s.uses(), func(u use) bool { return u.path == module+"/"+e.to })
		})
		if !used || e.reason == "" {
			t.Errorf("the exception for %s to import %s is unused or has no reason", e.from, e.to)
		}
	}
}

// complaints runs every check over a tree.
func complaints(t *tree) []string {
	var out []string
	complain := func(format string, args ...any) {
		if c := fmt.Sprintf(format, args...); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, dir := range t.dirs() {
		checkName(dir, complain)
	}
	for _, s := range t.files {
		checkFile(t, s, complain)
	}
	checkOutside(t, complain)
	checkExported(t, complain)
	return out
}

type complainer func(format string, args ...any)

// checkName holds folders to the plan and to rule 14.
func checkName(dir string, complain complainer) {
	if dir == "." {
		return
	}
	if _, known := roomOf(dir); !known {
		complain("%s is on no floor of the plan", dir)
	}
	if slices.Contains(noNames, path.Base(dir)) {
		complain("%s: the name of a room says what is in it", dir)
	}
}

// roomOf finds the room that a folder belongs to: the longest that fits.
func roomOf(dir string) (room, bool) {
	var best room
	for _, r := range plan {
		if (dir == r.dir || strings.HasPrefix(dir, r.dir+"/")) && len(r.dir) > len(best.dir) {
			best = r
		}
	}
	return best, best.dir != ""
}

// checkFile holds one file to the rules on imports and calls. Test files are
// free, but for the names of packages.
func checkFile(t *tree, s *source, complain complainer) {
	if name := strings.TrimSuffix(s.ast.Name.Name, "_test"); slices.Contains(noNames, name) {
		complain("%s: the package name %s says nothing, or shadows a standard package", s.path, name)
	}
	if s.test {
		return
	}
	from, known := roomOf(s.dir)
	if !known {
		return // the root, which holds no code, or complained of already
	}
	for _, u := range s.uses() {
		where := t.at(u.at)
		if dir, own := ownRoom(u.path); own {
			checkRoom(where, from, s.dir, dir, complain)
		} else if !isStandard(u.path) {
			checkLibrary(where, from, u, complain)
		} else if from.floor == protocol && slices.Contains(impure, u.path) {
			complain("%s: a protocol room is pure and does not import %s", where, u.path)
		}
	}
	checkCode(t, s, from, complain)
}

// checkRoom judges an import of one of our packages by another.
func checkRoom(where string, from room, fromDir, toDir string, complain complainer) {
	to, known := roomOf(toDir)
	if !known {
		complain("%s: imports %s, which is on no floor", where, toDir)
		return
	}
	for _, e := range exceptions {
		if e.from == fromDir && e.to == toDir {
			return
		}
	}
	switch {
	case to.floor == support && from.floor != support:
		complain("%s: %s is for tests only", where, toDir)
	case toDir == "internal/config" && from.floor != roof:
		complain("%s: %s imports internal/config, which only the roof may", where, fromDir)
	case to.floor > from.floor:
		complain("%s: %s (%s) imports %s (%s), which lies higher", where, fromDir, floorNames[from.floor], toDir, floorNames[to.floor])
	case from.floor == doors && to.floor == doors && from.dir != to.dir:
		complain("%s: the door %s imports the door %s", where, fromDir, toDir)
	case from.floor == doors && to.dir == from.dir && fromDir != from.dir:
		complain("%s: %s imports %s of the same door; the top package composes them", where, fromDir, toDir)
	}
}

// checkLibrary judges an import of a third-party package.
func checkLibrary(where string, from room, u use, complain complainer) {
	if want, special := libraryNames[u.path]; special && u.name != want {
		complain("%s: %s is imported as %q everywhere", where, u.path, want)
	}
	for _, l := range libraries {
		if u.path != l.prefix && !strings.HasPrefix(u.path, l.prefix+"/") {
			continue
		}
		if !slices.Contains(l.rooms, from.dir) && !slices.Contains(l.rooms, "floor:"+floorNames[from.floor]) {
			complain("%s: %s is outside its room: %s", where, u.path, l.reason)
		}
		return
	}
	complain("%s: %s has no room in the plan", where, u.path)
}

// checkCode looks for what no room does: init functions, banned calls, and a
// way around the check of a server's certificate (N4).
func checkCode(t *tree, s *source, from room, complain complainer) {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			complain("%s: init runs unasked; call a function where its work is needed", t.at(f.Pos()))
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				checkCall(t, s, from, x.Name, n, complain)
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if x, ok := left.(*ast.SelectorExpr); ok {
					checkVerifies(t, x.Sel, complain)
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				checkVerifies(t, key, complain)
			}
		}
		return true
	})
}

func checkVerifies(t *tree, field *ast.Ident, complain complainer) {
	if field.Name == "InsecureSkipVerify" {
		complain("%s: N4: nothing outside tests skips the check of a certificate", t.at(field.Pos()))
	}
}

func checkCall(t *tree, s *source, from room, pkg string, n *ast.SelectorExpr, complain complainer) {
	for _, b := range bannedCalls {
		if n.Sel.Name == b.name && pkg == s.nameOf(b.pkg) && !slices.Contains(b.except, from.dir) {
			complain("%s: %s.%s is not used here: %s", t.at(n.Pos()), b.pkg, b.name, b.reason)
		}
	}
}

// checkOutside follows the importable rooms through this module and judges
// what they would bring into a program that imports them.
func checkOutside(t *tree, complain complainer) {
	for _, r := range plan {
		if !r.importable {
			continue
		}
		for _, dir := range t.reach(r.dir) {
			for _, s := range t.shipped() {
				if s.dir != dir {
					continue
				}
				for _, u := range s.uses() {
					if _, own := ownRoom(u.path); own || isStandard(u.path) || allowedOutside(u.path) {
						continue
					}
					complain("%s: %s is importable and reaches %s", t.at(u.at), r.dir, u.path)
				}
			}
		}
	}
}

func allowedOutside(importPath string) bool {
	return slices.ContainsFunc(outsideLibraries, func(l string) bool {
		return importPath == l || strings.HasPrefix(importPath, l+"/")
	})
}

// reach gives a folder and every folder of ours that its code imports,
// directly or through others.
func (t *tree) reach(dir string) []string {
	out := []string{dir}
	for i := 0; i < len(out); i++ {
		for _, s := range t.shipped() {
			if s.dir != out[i] {
				continue
			}
			for _, u := range s.uses() {
				if to, own := ownRoom(u.path); own && !slices.Contains(out, to) {
					out = append(out, to)
				}
			}
		}
	}
	return out
}
