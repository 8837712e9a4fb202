package fapiclient

import "gatehouse.example/internal/leaveout"

// The tables of steps, for the test that leaves out one at a time.

func MetadataSteps() []leaveout.Step { return listed(metadataSteps) }
func TokenSteps() []leaveout.Step    { return listed(tokenSteps) }

func WithoutMetadataStep(i int) (restore func()) { return without(&metadataSteps, i) }
func WithoutTokenStep(i int) (restore func())    { return without(&tokenSteps, i) }

func listed[S any](steps []step[S]) []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

func without[S any](steps *[]step[S], i int) (restore func()) {
	whole := *steps
	shorter := append([]step[S]{}, whole[:i]...)
	*steps = append(shorter, whole[i+1:]...)
	return func() { *steps = whole }
}

// WellKnown and ParseChallenges have no exported name outside of tests.
var (
	WellKnown       = wellKnown
	ParseChallenges = parseChallenges
)
