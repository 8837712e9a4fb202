package resource

import (
	"context"
	"net/http"
)

type decisionKey struct{}

// Protect lets only requests that fulfil the requirement reach next, which
// finds the decision by [DecisionFrom]. origin is the external address of this
// server (RS18).
func (v *Verifier) Protect(origin Origin, req Requirement, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, err := v.Decide(r.Context(), FactsOf(r, origin), req)
		if err != nil {
			d.Refuse(w, err)
			return
		}
		d.SetHeaders(w.Header())
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), decisionKey{}, &d)))
	})
}

// DecisionFrom finds the decision that [Verifier.Protect] made.
func DecisionFrom(ctx context.Context) (Decision, bool) {
	d, ok := ctx.Value(decisionKey{}).(*Decision)
	if !ok {
		return Decision{}, false
	}
	return *d, true
}
