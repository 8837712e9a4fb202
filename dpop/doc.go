// Package dpop makes and checks DPoP proofs (RFC 9449): small signed JWTs by
// which the sender of a request shows that it holds a private key.
//
// Invariant: a [Proof] exists only if [Verify] made it, and Verify makes one
// only after every step of its table. A zero Proof panics when it is asked
// anything. What Verify cannot know, that the proof was not used before, is
// the caller's next step: spend thumbprint and jti in a store until
// [Proof.SpendUntil], and only after every other check (RS10).
//
// The maker, [Key], can only make proofs that [Verify] takes: a fresh jti, no
// private half in the header, no query in htu (CL21).
//
// A refusal is an [oauth.Refusal] of code invalid_dpop_proof or
// use_dpop_nonce. That there was no DPoP header at all is told apart by
// errors.Is(err, [ErrNoProof]).
package dpop
