// Package token is the token endpoint (RFC 6749 §3.2) of one issuer.
//
// Invariant: the whole protocol is the table in steps.go, run from top to
// bottom, and no step reads what a later one writes. Every check stands above
// the step that spends the one-time parts of the request, and the answer
// stands below the one that puts the decision into the audit log (trap 9). A
// request leaves by exactly one record, one count and one answer, whether it
// was granted, refused, or ended by a panic.
package token
