// Package mtls turns the client certificate of a TLS connection into an
// identity: what it is, whether it may be trusted now, and which registered
// client it belongs to (RFC 8705).
//
// Invariant: a [Certificate] exists only where the peer of a finished TLS
// handshake proved that it holds the key, and only [Peer.Certificate] hands
// one out, after judging it at that moment: not expired, and, where the
// listener has a [Bundle], with a chain to the bundle as it is now (RS5).
// A [Subject] is compared as parsed names, never as text (AS13).
//
// A Peer belongs to one connection and is asked on every request. It judges
// the chain once per bundle and window of validity, so that the common answer
// costs a comparison of times and allocates nothing.
package mtls
