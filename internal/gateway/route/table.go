package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The outcomes of [Table.Find] besides a route. Each is wrapped with detail.
var (
	ErrPath     = errors.New("the path has more than one reading")
	ErrNotFound = errors.New("no route has this path")
	ErrMethod   = errors.New("no route of this path has the method")
)

// Table holds routes. It is made once; afterwards it is safe for concurrent use.
type Table[T any] struct{ root node[T] }

// node is a place in the tree of segments.
type node[T any] struct {
	literals  map[string]*node[T]
	parameter *node[T]
	methods   []method[T]
	allow     string // the methods, for the Allow header
}

type method[T any] struct {
	name  string
	value T
}

// Add puts value at the methods of a pattern: a slash, and segments separated
// by slashes, each literal text or {name} for any one segment that is not
// empty.
func (t *Table[T]) Add(pattern string, methods []string, value T) error {
	segments, err := parsePattern(pattern)
	if err != nil {
		return fmt.Errorf("path %q: %w", pattern, err)
	}
	if len(methods) == 0 {
		return fmt.Errorf("path %q: it has no methods", pattern)
	}
	n := &t.root
	for _, s := range segments {
		n = n.child(s)
	}
	for _, name := range methods {
		if !isMethod(name) {
			return fmt.Errorf("path %q: %q is no method that can be routed", pattern, name)
		}
		if n.find(name) != nil {
			return fmt.Errorf("path %q: another route has the same path and method %s", pattern, name)
		}
		n.methods = append(n.methods, method[T]{name, value})
	}
	n.describe()
	return nil
}

// Find gives the value of the route that has the method and the escaped path.
// When the path has routes and the method none, allow lists their methods.
func (t *Table[T]) Find(name, escapedPath string) (value T, allow string, err error) {
	if err := checkPath(escapedPath); err != nil {
		return value, "", fmt.Errorf("%w: %w", ErrPath, err)
	}
	n := t.root.walk(escapedPath)
	if n == nil {
		return value, "", ErrNotFound
	}
	if m := n.find(name); m != nil {
		return m.value, "", nil
	}
	return value, n.allow, ErrMethod
}

// walk finds the node of a path, trying a literal segment before a parameter.
func (n *node[T]) walk(path string) *node[T] {
	if path == "" {
		return n.end()
	}
	segment, rest := path[1:], ""
	if i := strings.IndexByte(segment, '/'); i >= 0 {
		segment, rest = segment[:i], segment[i:]
	}
	text, _ := decode(segment) // checkPath has seen it
	if next := n.literals[text]; next != nil {
		if found := next.walk(rest); found != nil {
			return found
		}
	}
	if n.parameter == nil || text == "" {
		return nil
	}
	return n.parameter.walk(rest)
}

// end is the node itself where a route ends, else nil.
func (n *node[T]) end() *node[T] {
	if len(n.methods) == 0 {
		return nil
	}
	return n
}

func (n *node[T]) find(name string) *method[T] {
	for i := range n.methods {
		if n.methods[i].name == name {
			return &n.methods[i]
		}
	}
	return nil
}

func (n *node[T]) child(segment string) *node[T] {
	if isParameter(segment) {
		if n.parameter == nil {
			n.parameter = &node[T]{}
		}
		return n.parameter
	}
	if n.literals == nil {
		n.literals = map[string]*node[T]{}
	}
	if n.literals[segment] == nil {
		n.literals[segment] = &node[T]{}
	}
	return n.literals[segment]
}

func (n *node[T]) describe() {
	var names []string
	for _, m := range n.methods {
		names = append(names, m.name)
	}
	slices.Sort(names)
	n.allow = strings.Join(names, ", ")
}

func parsePattern(pattern string) ([]string, error) {
	if err := checkPath(pattern); err != nil {
		return nil, err
	}
	segments := strings.Split(pattern[1:], "/")
	for _, s := range segments {
		switch {
		case s == "" && len(segments) > 1:
			return nil, errors.New("it ends in a slash")
		case strings.ContainsAny(s, "%?#"):
			return nil, errors.New("it is written without percent-encodings, query and fragment")
		case strings.ContainsAny(s, "{}*") && !isParameter(s):
			return nil, fmt.Errorf("segment %q is neither literal text nor {name}", s)
		}
	}
	return segments, nil
}

func isParameter(segment string) bool {
	if len(segment) < 3 || segment[0] != '{' || segment[len(segment)-1] != '}' {
		return false
	}
	for _, c := range segment[1 : len(segment)-1] {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// isMethod takes the methods that an API uses (RFC 9110 §9.1, RFC 5789 §2).
// CONNECT and TRACE are a proxy's own business and never an upstream's.
func isMethod(name string) bool {
	return slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"}, name)
}
