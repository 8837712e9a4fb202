// Package audit is the record of every decision.
//
// Invariant: a record is never dropped in silence while the program runs:
// whoever hands one over gets it taken, or an error. [Log.Commit] returns only
// when the record is on disk; it is for decisions that give something out.
// [Log.Submit] takes a record into a bounded queue that one goroutine writes
// within 100 ms; it is for decisions on the way of a call, and a program that
// is killed loses at most those of its last 100 ms.
//
// The log is JSON, one record a line. Each line carries a sequence number and
// the SHA-256 of the line before it, so that a line that was changed, taken
// out or moved is found by [Verify]. Lines cut off the end are not: whoever
// must be safe from that keeps a copy of the newest line elsewhere. A file's
// chain goes on over restarts, and several processes may share one file.
//
// No record holds a token, a proof or an assertion: there is no field for
// one, and every text is cut at 256 bytes.
package audit
