// Package fapiclient is a client for FAPI 2.0: it discovers an authorization
// server, obtains sender-constrained access tokens from it, and calls APIs
// with them.
//
// Each exchange is two visible steps. A Send function puts one request on the
// wire and returns what came back, unjudged; a Judge function believes the
// answer or says why not. [Discover] and [Client.ClientCredentials] are the
// two steps in a row. Nothing is sent twice but for one reason: the server
// asked for a DPoP nonce and gave one (RFC 9449 §8 and §9). Below this
// package, net/http may move a request to a new connection when a kept-alive
// one turns out to have been closed before any answer.
//
// Invariant: a [Server] exists only when its metadata named the very issuer
// that was asked, and only https endpoints (CL8). A [Token] exists only as a
// judged answer of the token endpoint, remembers the key or certificate to
// which it is bound, and is sent only in the Authorization header, only over
// verified TLS, and only together with the proof of that key or the handshake
// of that certificate (CL1, CL2, CL21, N4). Redirects are never followed. No
// check can be skipped; what would skip one is refused by [New] and
// [Discover].
package fapiclient
