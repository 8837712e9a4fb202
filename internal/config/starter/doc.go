// Package starter writes what a new deployment begins with: a commented
// gatehouse.yaml, two certificate authorities with a certificate for
// localhost, the secrets, and the first clients with what they call by.
//
// Invariant: nothing is ever overwritten. Either every file is new and all are
// written, or none is; and what was written passes config.Load. Keys are made
// here, and readable by their owner only.
package starter
