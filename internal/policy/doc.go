// Package policy is the one decision of every door and of package resource:
// may this request, with this token, do what it asks?
//
// Invariant: [Decide] is a pure function of the request's facts, a token whose
// signature holds, the rules and the time. It allows only when every step of
// its table has passed; an empty rule denies (RS25), and a zero
// accesstoken.Verified panics, which denies too. It changes nothing: a proof
// that it accepted has still to be spent (RS10).
package policy
