// Package bank is the sample API behind the gateway: accounts, transactions
// and payments of a small bank, with seeded data that is the same at every
// start. What is paid is kept in memory.
//
// Invariant: nothing is answered without the gateway's word. Every path is
// behind the middleware that [New] is given, and who calls is known only from
// it, never from a header of the request. A client sees the accounts of the
// customers that consented to it and no others; another's account and one
// that does not exist look alike. Every error is a problem document (RFC 9457).
package bank
