package dpop

import (
	"slices"

	"gatehouse.example/internal/leaveout"
)

// Steps names the table for the test that leaves out one step at a time.
func Steps() []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

// Without takes step i out of the table until restore is called.
func Without(i int) (restore func()) {
	all := steps
	steps = slices.Delete(slices.Clone(all), i, i+1)
	return func() { steps = all }
}
