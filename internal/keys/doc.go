// Package keys keeps the keys by which each issuer signs its tokens.
//
// Invariant: a signing key belongs to one issuer and does nothing else (C6).
// Its private half is in a store only sealed, for the place that names its
// issuer and kid, and leaves this room only as a signer. A [Ring] always has a
// key to sign with: the first is made when an issuer is opened for the first
// time, by one winner however many processes start at once.
package keys
