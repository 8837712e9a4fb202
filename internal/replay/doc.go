// Package replay is the guard that lets an identifier be used once: the jti of
// a DPoP proof or of a client assertion.
//
// Invariant: of any number of callers that spend one key of one issuer before
// it expires, exactly one wins; whatever goes wrong is an error and never a
// win. Spending is the last of a request's checks, so that a bad request burns
// nothing (RS10, trap 9).
//
// [Memory] keeps its word only as long as the process lives. [Memory.Started]
// says since when, and a proof from before then must show a nonce that was
// issued since (dpop.NonceForProofsBefore). sqlstore implements [Store] for
// what has to outlive a process.
package replay
