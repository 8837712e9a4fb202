package config

import (
	"regexp"
	"slices"
	"strings"
)

// pattern is a route's path, taken apart: its segments, "" for a {name}. The
// gateway matches segment by segment, a literal before a {name}. So that this
// finds the most specific route in every case, two patterns must not both match
// a path unless one of them matches only paths that the other one matches too.
type pattern []string

var (
	// literalForm leaves out '*' and a ':' in front, which elsewhere stand for
	// any segment, and ';', which the gateway refuses in a path.
	literalForm = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()+,=@-][A-Za-z0-9._~!$&'()+,=:@-]*$`)
	nameForm    = regexp.MustCompile(`^\{[a-z][a-z0-9_]{0,39}\}$`)
)

// parsePattern reads a pattern; wrong says what is wrong with it, "" if nothing.
func parsePattern(s string) (p pattern, wrong string) {
	path, ok := strings.CutPrefix(s, "/")
	if !ok {
		return nil, "does not begin with a slash"
	}
	if path == "" {
		return pattern{}, ""
	}
	if strings.HasPrefix(path, ".well-known/gatehouse/") {
		return nil, "lies below /.well-known/gatehouse/, which is kept for the gateway's own documents"
	}
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case part == "":
			return nil, "has an empty segment or ends with a slash"
		case part == "." || part == "..":
			return nil, "has a segment . or .."
		case literalForm.MatchString(part):
			p = append(p, part)
		case !nameForm.MatchString(part):
			return nil, "has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched"
		case slices.Contains(names, part):
			return nil, "uses a {name} twice"
		default:
			names = append(names, part)
			p = append(p, "")
		}
	}
	return p, ""
}

// compare tells whether some path matches both patterns, whether every path of
// q matches p, and whether every path of p matches q.
func (p pattern) compare(q pattern) (both, allOfQ, allOfP bool) {
	if len(p) != len(q) {
		return false, false, false
	}
	allOfQ, allOfP = true, true
	for i := range p {
		switch {
		case p[i] == q[i]:
		case p[i] == "":
			allOfP = false
		case q[i] == "":
			allOfQ = false
		default: // two literals
			return false, false, false
		}
	}
	return true, allOfQ, allOfP
}

// placed is a route with its parsed path.
type placed struct {
	pattern
	Route
	line int
}

// refuseOverlap reports that two routes are the same, or that both match some
// path and neither is the more specific one, whatever their methods: the one
// that is found would hide the other. The value is the path of the later one.
func (v value) refuseOverlap(later, earlier placed) {
	both, in, around := later.compare(earlier.pattern)
	switch {
	case both && !in && !around:
		v.fail("%s and %s on line %d match the same path and neither is more specific; change one of them", show(later.Path), show(earlier.Path), earlier.line)
	case both && in && around:
		for _, m := range later.Methods {
			if slices.Contains(earlier.Methods, m) {
				v.fail("%s %s is a route already, %s on line %d", m, show(later.Path), show(earlier.Path), earlier.line)
				return
			}
		}
	}
}
