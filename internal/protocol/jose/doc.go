// Package jose is the only way by which Gatehouse reads and writes signed
// JWTs: a thin, strict edge around go-jose, which does the cryptography.
//
// Invariants. A [Token] is parsed only as compact serialisation, only with an
// algorithm from the caller's list, and never with a crit or b64 header; its
// payload is had as trusted bytes only from [Token.Verify]. Claims are decoded
// by go-jose's JSON, which refuses duplicate members and compares names by
// case. A [KeySet] holds public keys of sufficient size only (C2). Nothing
// here follows jku or x5u, and a jwk header is offered to nobody but package
// dpop (C4).
package jose
