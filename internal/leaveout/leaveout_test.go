package leaveout_test

import (
	"fmt"
	"slices"
	"testing"

	"gatehouse.example/internal/leaveout"
)

// witness collects what EachStep has to say. (The embedded TB is nil: any
// other method would panic.)
type witness struct {
	testing.TB
	said []string
}

func (*witness) Helper()        {}
func (w *witness) Failed() bool { return len(w.said) > 0 }
func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func TestEachStep_NoticesWhatNoCaseHolds(t *testing.T) {
	good := []leaveout.Step{{Name: "first", IDs: "RS7 RS9"}, {Name: "second", IDs: "RS10"}}
	for _, c := range []struct {
		name  string
		steps []leaveout.Step
		cases func(present []bool) []leaveout.Case
		want  []string
	}{
		{"every step has its case", good, func(p []bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return p[0] }}, {"b", "RS10 RS11", func() bool { return p[1] }}}
		}, nil},
		{"a step without a case", good, func(p []bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return p[0] }}}
		}, []string{`step "second" (RS10) was left out and no case with its ids turned red`}},
		{"a case of another id does not count", good, func(p []bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return p[0] }}, {"b", "RS1", func() bool { return p[1] }}}
		}, []string{`step "second" (RS10) was left out and no case with its ids turned red`}},
		{"a case that always holds proves nothing", good, func(p []bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return p[0] }}, {"b", "RS10", func() bool { return true }}}
		}, []string{`step "second" (RS10) was left out and no case with its ids turned red`}},
		{"a panic turns a case red", good, func(p []bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return p[0] }}, {"b", "RS10", func() bool {
				if !p[1] {
					panic("the value that the step makes is missing")
				}
				return true
			}}}
		}, nil},
		{"a case that never holds", good, func([]bool) []leaveout.Case {
			return []leaveout.Case{{"a", "RS9", func() bool { return false }}}
		}, []string{`case "a" does not hold with every step in place`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			present := []bool{true, true}
			w := &witness{}
			leaveout.EachStep(w, c.steps, func(i int) func() {
				present[i] = false
				return func() { present[i] = true }
			}, c.cases(present))
			if !slices.Equal(w.said, c.want) {
				t.Errorf("said %q, want %q", w.said, c.want)
			}
			if !present[0] || !present[1] {
				t.Error("a step was not put back")
			}
		})
	}
}
