// Package confirmation says to what a token is bound: a DPoP key (RFC 9449
// §6) or a client certificate (RFC 8705 §3). The claim that carries it is cnf
// (RFC 7800 §3.1).
//
// Invariant: a [Confirmation] is made only from a proof or a certificate that
// its own room has checked, so whoever holds one has seen possession shown. A
// zero Confirmation panics when asked. A [Claim] is what a token says; it
// proves nothing until it matches a proof or a certificate.
package confirmation
