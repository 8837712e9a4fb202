package config

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// matches is the plain meaning of a pattern, to hold compare to.
func (p pattern) matches(path []string) bool {
	n := len(p.segments)
	if p.rest {
		n--
		if len(path) <= n {
			return false
		}
	} else if len(path) != n {
		return false
	}
	for i := range n {
		if p.segments[i] != "" && p.segments[i] != path[i] {
			return false
		}
	}
	return true
}

// everyPath lists all paths of up to four segments over three words, which is
// enough to tell any two of the patterns below apart.
func everyPath() [][]string {
	out := [][]string{{}}
	for from := 0; len(out[from]) < 4; from++ {
		for _, w := range []string{"a", "b", "x"} {
			out = append(out, append(slices.Clone(out[from]), w))
		}
	}
	return out
}

func TestPattern_CompareAgainstEveryPath(t *testing.T) {
	paths := everyPath()
	patterns := rapid.Custom(func(t *rapid.T) pattern {
		p := pattern{segments: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", ""}), 0, 3).Draw(t, "segments")}
		if n := len(p.segments); n > 0 && rapid.Bool().Draw(t, "rest") {
			p.segments[n-1], p.rest = "", true
		}
		return p
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
		"/a":                     {segments: []string{"a"}},
		"/a/{id}":                {segments: []string{"a", ""}},
		"/a/{id}/b":              {segments: []string{"a", "", "b"}},
		"/a/{rest...}":           {segments: []string{"a", ""}, rest: true},
		"/{all...}":              {segments: []string{""}, rest: true},
		"/v1.2/a_b~c;d=e,f@g:h":  {segments: []string{"v1.2", "a_b~c;d=e,f@g:h"}},
		"/.well-known/x/{a}/{b}": {segments: []string{".well-known", "x", "", ""}},
	} {
		p, wrong := parsePattern(text)
		if wrong != "" || p.rest != want.rest || strings.Join(p.segments, "/") != strings.Join(want.segments, "/") {
			t.Errorf("%s: %+v, %s", text, p, wrong)
		}
	}
}
