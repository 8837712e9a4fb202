// Package gateway is the door of the APIs: it finds a request's route, asks
// package resource whether the caller may do this, records the decision, and
// hands the request to the upstream with a signed assertion of who calls.
//
// Invariant: nothing reaches an upstream but by a configured route, after
// every step of the table in order.go, the record of the decision among them.
// What goes wrong on the way, a panic included, denies (RS25). An unknown path
// is answered 404 without a token: the routes are published in the APIs' own
// descriptions and are no secret, and a caller who mistyped should not have to
// look for a fault in its token.
//
// The two doors into the other rooms are [gatehouse.example/internal/gateway/route]
// (which route?) and [gatehouse.example/internal/gateway/proxy] (to the upstream
// and back); they do not know of one another.
package gateway
