// Package signer makes, loads and keeps the private keys that Gatehouse signs
// with, each behind crypto.Signer.
//
// Invariant: a key is read only from a file that nobody but its owner (and at
// most its group) can read, and is written only to a new file that nobody but
// its owner can read. An error says in one line what is wrong and what to do,
// and never holds any of the key.
package signer
