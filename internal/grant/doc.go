// Package grant turns a judged request into a token, and is the only maker of
// access tokens.
//
// Invariant: what is issued was first redeemed. [RedeemMachine] takes the
// proofs of who asks and of what the token is bound to, spends what may be
// used once and stores the ids of the token; [Redeemed.Mint] signs those ids
// and no others. It is called after every check of the request, because what
// it spends is gone (trap 9). A zero [Redeemed] and a zero [Possession] panic.
package grant
