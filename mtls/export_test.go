package mtls

import "gatehouse.example/internal/leaveout"

// VerifySteps names the steps of Bundle.Verify.
func VerifySteps() []leaveout.Step {
	var out []leaveout.Step
	for _, s := range steps {
		out = append(out, leaveout.Step{Name: s.name, IDs: s.ids})
	}
	return out
}

// WithoutVerifyStep leaves out one step until restore is called.
func WithoutVerifyStep(i int) (restore func()) {
	kept := steps[i]
	steps[i].do = func(*verification) error { return nil }
	return func() { steps[i] = kept }
}

// RewriteName parses an RFC 4514 string, writes it, parses that again, and
// tells whether both parses are the same name.
func RewriteName(s string) (written string, same bool, err error) {
	first, err := parseName(s)
	if err != nil {
		return "", false, err
	}
	written = first.String()
	second, err := parseName(written)
	if err != nil {
		return written, false, nil
	}
	return written, first.equal(second) && second.equal(first), nil
}

// RenderName writes a DER-encoded Name as an RFC 4514 string.
func RenderName(der []byte) string { return renderName(der) }

// SameName tells whether an RFC 4514 string names the DER-encoded Name.
func SameName(s string, der []byte) bool {
	a, err := parseName(s)
	if err != nil {
		return false
	}
	b, err := decodeName(der)
	return err == nil && a.equal(b)
}
