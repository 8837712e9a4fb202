// Package authserver is the authorization server: it composes the endpoints of
// its sub-packages for each issuer and puts them at their addresses.
//
// Invariants. An issuer is whole or not there: [New] refuses a configuration
// in which metadata would promise what an endpoint refuses, a client could
// never succeed, or two issuers share an address. One process serves several
// issuers, each with its own profile, keys, clients and APIs (trap 10). An
// issuer's own URLs come from its configuration and never from a request
// (RS18). A [Server] does not change: a new configuration makes a new one over
// the same stores.
package authserver
