// Package leaveout is for tests: it proves that every step of a room's table
// is held by a case that names the step's requirement.
//
// Invariant: a step that no case misses is a step that nobody would notice to
// be gone, and fails the test. Only _test.go files import this package.
package leaveout

import (
	"slices"
	"strings"
	"testing"
)

// Step names one entry of a room's table and the requirements it stands for.
type Step struct {
	Name string
	IDs  string // requirement ids separated by spaces
}

// Case is one refusal that the room promises. Holds runs it anew against the
// room as it now is, and tells whether the refusal came for the stated reason.
type Case struct {
	Name  string
	IDs   string
	Holds func() bool
}

// EachStep first checks that every case holds with all steps in place. Then it
// leaves out one step at a time, by without(i), which returns how to put the
// step back, and fails unless a case that shares an id with the step turns red.
func EachStep(t testing.TB, steps []Step, without func(i int) (restore func()), cases []Case) {
	t.Helper()
	for _, c := range cases {
		if !holds(c) {
			t.Errorf("case %q does not hold with every step in place", c.Name)
		}
	}
	if t.Failed() {
		return
	}
	for i, s := range steps {
		if !noticed(s, func() func() { return without(i) }, cases) {
			t.Errorf("step %q (%s) was left out and no case with its ids turned red", s.Name, s.IDs)
		}
	}
}

func noticed(s Step, remove func() func(), cases []Case) bool {
	restore := remove()
	defer restore()
	for _, c := range cases {
		if shareID(s.IDs, c.IDs) && !holds(c) {
			return true
		}
	}
	return false
}

// holds treats a panic as "does not hold": a later step may well panic on a
// value that the missing step should have made.
func holds(c Case) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return c.Holds()
}

func shareID(a, b string) bool {
	bs := strings.Fields(b)
	return slices.ContainsFunc(strings.Fields(a), func(id string) bool { return slices.Contains(bs, id) })
}
