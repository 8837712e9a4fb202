package policy

import "gatehouse.example/internal/leaveout"

// Steps lists the table for the leave-one-out test.
func Steps() []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

// WithoutStep takes step i out and returns how to put it back.
func WithoutStep(i int) (restore func()) {
	was := steps[i].check
	steps[i].check = func(*decision) error { return nil }
	return func() { steps[i].check = was }
}
