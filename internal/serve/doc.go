// Package serve runs what a configuration describes.
//
// Invariants. A configuration is provisioned whole and then swapped in: either
// every listener, key, client and route of the new one serves, or the old one
// serves on as if nothing had been asked. Parts know one another only through
// HTTPS: the gateway fetches the issuer's keys over the wire even when both
// run in this process, and a gateway alone opens no database and reads no key
// of the authorization server. On shutdown no accepted request is dropped
// before the drain's deadline.
//
// A [Server] has two layers. What must outlive a reload is its foundation: the
// audit log, the store, the memory of used proofs, the metrics, the sockets.
// What one configuration makes is a generation: the two doors and how the
// listeners are set up. See provision in generation.go for the order.
package serve
