// Package discovery publishes what an issuer is and can do: its metadata
// (RFC 8414, OpenID Connect Discovery) and its public keys.
//
// Invariant: metadata tells the truth (AS4). It is computed from the same
// values that the endpoints decide by, so nothing is advertised that is not
// accepted, and an endpoint is named only when a listener serves it.
package discovery
