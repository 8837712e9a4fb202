package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// A scene that ends otherwise than stated, or not at all, is said and makes
// the demonstration fail.
func TestReport_AnOutcomeThatIsNotTheStatedOneFails(t *testing.T) {
	ended := func(o outcome, err error) func(context.Context, *stage) (outcome, error) {
		return func(context.Context, *stage) (outcome, error) { return o, err }
	}
	stated := outcome{status: 401, code: "invalid_token"}
	for _, c := range []struct {
		name  string
		got   outcome
		err   error
		right bool
		says  string
	}{
		{"as stated", outcome{status: 401, code: "invalid_token", note: "any"}, nil, true, "✓"},
		{"another status", outcome{status: 200}, nil, false, "200, but stated was: 401 invalid_token"},
		{"another reason", outcome{status: 401, code: "invalid_request"}, nil, false, "401 invalid_request, but stated was"},
		{"no HTTP answer", outcome{}, nil, false, "no HTTP answer"},
		{"an error", outcome{}, errors.New("connection refused"), false, "connection refused; stated was: 401"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			right := report{&out}.play(t.Context(), nil, []scene{{"layer", "title", stated, ended(c.got, c.err)}})
			if right != c.right || !strings.Contains(out.String(), c.says) {
				t.Errorf("right is %v, said %q", right, out.String())
			}
		})
	}
}
