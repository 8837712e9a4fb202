// Package clientauth authenticates clients at the authorization server by
// private_key_jwt (RFC 7523, OpenID Connect Core §9) and by tls_client_auth
// (RFC 8705 §2.1), and makes the assertions that a client sends.
//
// Invariants. [Read] finds exactly one method in a request and trusts nothing
// of it; [Presented.Check] compares it with what is registered and is the only
// maker of an [Authenticated], whose zero value panics. An unknown client is
// checked against [Decoy], and it, a wrong key, a wrong kid and a wrong
// algorithm get the same answer after the same work: one signature check.
// Nothing is consumed here: the caller spends [Authenticated.AssertionID].
package clientauth
