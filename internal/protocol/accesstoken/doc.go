// Package accesstoken makes and checks JWT access tokens (RFC 9068).
//
// Invariants. [Sign] takes a confirmation, so a token that is bound to nothing
// cannot be made; only package grant calls it. On the other side the output
// of a step is the input of the next: [Parse] gives an [Unverified], which
// serves to choose an issuer and nothing else; [Unverified.Verify] gives a
// [Verified], whose signature holds; [Judge] says whether a verified token is
// good here and now. Judge runs on every request, also when the signature
// check was saved by a cache. A zero Verified panics.
package accesstoken
