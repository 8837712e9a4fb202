package config

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gatehouse.example/internal/gateway/route"
)

// matches is the plain meaning of a pattern, to hold compare to.
func (p pattern) matches(path []string) bool {
	if len(path) != len(p) {
		return false
	}
	for i := range p {
		if p[i] != "" && p[i] != path[i] {
			return false
		}
	}
	return true
}

// everyPath lists all paths of up to three segments over three words, which is
// enough to tell any two of the patterns below apart.
func everyPath() [][]string {
	out := [][]string{{}}
	for from := 0; len(out[from]) < 3; from++ {
		for _, w := range []string{"a", "b", "x"} {
			out = append(out, append(slices.Clone(out[from]), w))
		}
	}
	return out
}

func TestPattern_CompareAgainstEveryPath(t *testing.T) {
	paths := everyPath()
	patterns := rapid.Custom(func(t *rapid.T) pattern {
		return rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", ""}), 0, 3).Draw(t, "segments")
	})
	rapid.Check(t, func(t *rapid.T) {
		p, q := patterns.Draw(t, "p"), patterns.Draw(t, "q")
		both, allOfQ, allOfP := false, true, true
		for _, path := range paths {
			inP, inQ := p.matches(path), q.matches(path)
			both = both || inP && inQ
			allOfQ = allOfQ && (inP || !inQ)
			allOfP = allOfP && (inQ || !inP)
		}
		gotBoth, gotQ, gotP := p.compare(q)
		if gotBoth != both || both && (gotQ != allOfQ || gotP != allOfP) {
			t.Fatalf("%+v and %+v: got %v %v %v, want %v %v %v", p, q, gotBoth, gotQ, gotP, both, allOfQ, allOfP)
		}
	})
}

func TestPattern_Parse(t *testing.T) {
	for text, want := range map[string]pattern{
		"/":                      {},
		"/a":                     {"a"},
		"/a/{id}":                {"a", ""},
		"/a/{id}/b":              {"a", "", "b"},
		"/v1.2/a_b~c=d,e@f:g":    {"v1.2", "a_b~c=d,e@f:g"},
		"/.well-known/x/{a}/{b}": {".well-known", "x", "", ""},
	} {
		if p, wrong := parsePattern(text); wrong != "" || !slices.Equal(p, want) {
			t.Errorf("%s: %q, %s", text, p, wrong)
		}
	}
}

// The gateway takes every pattern that is taken here, and finds the route that
// is the most specific one.
func TestPattern_TheGatewaysOwnReading(t *testing.T) {
	segment := rapid.StringMatching(`[A-Za-z0-9._~!$&'()+,=:@-]{1,3}|\{[a-z][a-z0-9_]{0,3}\}|[;*%{} a?#]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		path := "/" + strings.Join(rapid.SliceOfN(segment, 0, 4).Draw(t, "segments"), "/")
		if _, wrong := parsePattern(path); wrong != "" {
			return
		}
		var table route.Table[string]
		if err := table.Add(path, httpMethods, path); err != nil {
			t.Fatalf("%s is taken here, and refused by the gateway: %v", path, err)
		}
		if found, _, err := table.Find("GET", strings.NewReplacer("{", "", "}", "").Replace(path)); err != nil || found != path {
			t.Fatalf("%s is not found: %v", path, err)
		}
	})
}
