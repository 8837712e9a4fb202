// Package sqlstore keeps what a server must remember in two SQLite files of
// one folder.
//
// durable.db holds what an answer promised: the keyring, the signing keys and
// the tokens issued. It is synced before a write returns, and so survives a
// power cut. short.db holds what is forgotten within minutes, the things spent
// once; it is not synced, and so survives kill -9 and not a power cut.
//
// Invariant: every write is one conditional statement with one winner, decided
// by the row that it finds and by the time it is given, never by a row read
// before and never by a clock. A write that has returned without error is in
// the file. One that returned an error is not, unless the error is that of the
// caller's own context: then it may be either. One process at a time owns the
// folder.
//
// Each file has one writer goroutine. It runs the writes that wait in one
// transaction, each under a savepoint of its own, commits once and then
// answers all: one sync is shared by as many as came while the one before ran.
package sqlstore
