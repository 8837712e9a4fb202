package clientauth

import "gatehouse.example/internal/leaveout"

// AssertionSteps and CertificateSteps list the tables for the leave-one-out
// tests.
func AssertionSteps() []leaveout.Step   { return listed(assertionSteps) }
func CertificateSteps() []leaveout.Step { return listed(certificateSteps) }

// WithoutAssertionStep and WithoutCertificateStep take step i out and return
// how to put it back.
func WithoutAssertionStep(i int) (restore func())   { return without(assertionSteps, i) }
func WithoutCertificateStep(i int) (restore func()) { return without(certificateSteps, i) }

func listed(steps []step) []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

func without(steps []step, i int) (restore func()) {
	was := steps[i].check
	steps[i].check = func(*checking) error { return nil }
	return func() { steps[i].check = was }
}

// CountSignatureChecks counts how often the signature step runs with a key to
// verify by, registered or decoy, until restore is called.
func CountSignatureChecks(n *int) (restore func()) {
	for i := range assertionSteps {
		if assertionSteps[i].name != "signature" {
			continue
		}
		was := assertionSteps[i].check
		assertionSteps[i].check = func(k *checking) error {
			if k.key != nil || decoyKey(k.presented.assertion.Header.Algorithm) != nil {
				*n++
			}
			return was(k)
		}
		return func() { assertionSteps[i].check = was }
	}
	panic("there is no signature step")
}
