// Package ca is a small certificate authority for a deployment that has none:
// it makes a root, and issues server and partner certificates below it.
//
// Invariant: what a certificate may be used for comes from a profile, a value
// that is checked when the program starts, and never from the one who asks.
// A certificate never outlives its authority, its serial number is 128 random
// bits long at most and never chosen by anybody, and an authority issues only
// end-entity certificates (path length 0).
package ca
