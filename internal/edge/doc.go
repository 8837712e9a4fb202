// Package edge is where connections come in: the TLS listeners of every door,
// their certificates, and who is admitted at the handshake.
//
// Invariant: no HTTP byte is exchanged on a connection whose handshake did
// not pass the listener's policy, and a connection that was admitted once is
// judged again at each request by its mtls.Peer (RS5). All certificate
// material of a reload is provisioned whole and then swapped; where any of it
// is bad, everything stays as it was. TLS 1.3 is the only version unless a
// listener says otherwise, and what is refused is counted too (N2).
package edge
