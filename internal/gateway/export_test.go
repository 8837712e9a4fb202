package gateway

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
	was := steps[i].do
	steps[i].do = func(*call) error { return nil }
	return func() { steps[i].do = was }
}

// PanicInStep makes step i panic, and returns how to mend it.
func PanicInStep(i int) (restore func()) {
	was := steps[i].do
	steps[i].do = func(*call) error { panic("broken") }
	return func() { steps[i].do = was }
}
