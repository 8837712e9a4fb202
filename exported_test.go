package gatehouse_test

import (
	"go/ast"
	"go/types"
	"strings"
)

// checkExported type-checks the importable rooms and complains of each
// exported identifier that mentions a type which an importing program could
// not name: one from internal/.
func checkExported(t *tree, complain complainer) {
	c := &checker{tree: t, done: map[string]*types.Package{}}
	for _, r := range plan {
		if !r.importable {
			continue
		}
		pkg, _ := c.Import(module + "/" + r.dir)
		scope := pkg.Scope()
		for _, name := range scope.Names() {
			object := scope.Lookup(name)
			if !object.Exported() {
				continue
			}
			w := mentions{room: pkg}
			w.object(object)
			for _, internal := range w.found {
				complain("%s: %s.%s mentions %s", t.at(object.Pos()), r.dir, name, internal)
			}
		}
	}
}

// checker type-checks this module's packages from the parsed tree. Packages
// outside are empty stand-ins, and the errors that follow from that do not
// matter: only types of our own are looked for.
type checker struct {
	tree *tree
	done map[string]*types.Package
}

// Import implements types.Importer.
func (c *checker) Import(importPath string) (*types.Package, error) {
	if pkg, ok := c.done[importPath]; ok {
		return pkg, nil
	}
	dir, own := ownRoom(importPath)
	if !own {
		pkg := types.NewPackage(importPath, defaultName(importPath))
		pkg.MarkComplete()
		c.done[importPath] = pkg
		return pkg, nil
	}
	var files []*ast.File
	for _, s := range c.tree.shipped() {
		if s.dir == dir {
			files = append(files, s.ast)
		}
	}
	// Should rooms import one another in a circle, which Go refuses and the
	// floors test has to survive to say so, the inner one sees an empty package.
	c.done[importPath] = types.NewPackage(importPath, defaultName(importPath))
	c.done[importPath].MarkComplete()
	config := types.Config{Importer: c, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := config.Check(importPath, c.tree.fset, files, nil)
	c.done[importPath] = pkg
	return pkg, nil
}

// mentions collects the internal types that an object shows to the outside.
type mentions struct {
	room  *types.Package
	seen  []types.Type
	found []string
}

func (m *mentions) object(o types.Object) {
	m.typ(o.Type())
	name, ok := o.(*types.TypeName)
	if !ok {
		return
	}
	if name.IsAlias() {
		return // what it stands for was looked at as its type
	}
	m.typ(o.Type().Underlying())
	if _, isInterface := o.Type().Underlying().(*types.Interface); isInterface {
		return
	}
	methods := types.NewMethodSet(types.NewPointer(o.Type()))
	for i := range methods.Len() {
		if f := methods.At(i).Obj(); f.Exported() {
			m.typ(f.Type())
		}
	}
}

// typ walks a type as far as a program that imports the room can see it.
func (m *mentions) typ(t types.Type) {
	for _, s := range m.seen {
		if s == t {
			return
		}
	}
	m.seen = append(m.seen, t)
	switch t := t.(type) {
	case *types.Alias:
		m.named(t.Obj())
		m.typ(types.Unalias(t))
	case *types.Named:
		m.named(t.Obj())
		for i := range t.TypeArgs().Len() {
			m.typ(t.TypeArgs().At(i))
		}
		if o := t.Obj(); o.Pkg() == m.room && !o.Exported() {
			m.object(o) // seen through a value or an embedded field
		}
	case *types.TypeParam:
		m.typ(t.Constraint())
	case interface{ Elem() types.Type }: // pointers, slices, arrays, channels, maps
		if keyed, ok := t.(*types.Map); ok {
			m.typ(keyed.Key())
		}
		m.typ(t.Elem())
	case *types.Signature:
		m.tuple(t.Params())
		m.tuple(t.Results())
		for i := range t.TypeParams().Len() {
			m.typ(t.TypeParams().At(i))
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); f.Exported() || f.Embedded() {
				m.typ(f.Type())
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			m.typ(t.Method(i).Type())
		}
		for i := range t.NumEmbeddeds() {
			m.typ(t.EmbeddedType(i))
		}
	case *types.Union:
		for i := range t.Len() {
			m.typ(t.Term(i).Type())
		}
	}
}

func (m *mentions) tuple(t *types.Tuple) {
	for i := range t.Len() {
		m.typ(t.At(i).Type())
	}
}

func (m *mentions) named(o *types.TypeName) {
	if o.Pkg() != nil && strings.HasPrefix(o.Pkg().Path(), module+"/internal/") {
		m.found = append(m.found, o.Pkg().Path()+"."+o.Name())
	}
}
