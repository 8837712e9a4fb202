// Package audit is the record of every decision.
//
// Invariant: a decision is either in the log or its caller has been told that
// it is not. [Log.Commit] returns only when the record is on disk; it is for
// decisions that give something out. [Log.Submit] takes a record into a
// bounded queue that one goroutine writes at least every 100 ms (or
// [Options].Interval); it is for decisions on the way of a call. Both refuse
// with an error instead of dropping.
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
