// Package gatehouse is the map of the house; it holds no code.
//
// Gatehouse composes every layer of a financial-grade API's security: TLS at
// the wire, mutual TLS for partners, OAuth 2.1 with the FAPI 2.0 profile for
// delegated access, scopes for authorization, and a record of each decision.
// The layers share one configuration, so they cannot disagree.
//
// # Floors
//
// Rooms (packages) stand on five floors, and a room opens only onto lower
// ones. floors_test.go enforces it. From the bottom:
//
//   - Ground, words and small tools: [gatehouse.example/oauth] (codes,
//     parameters, scopes, metadata), internal/web (handlers that return
//     errors), internal/audit (the record of every decision),
//     internal/secret, internal/digest, internal/signer, internal/outbound,
//     internal/profile, internal/clock, internal/recent.
//   - Protocol, both sides of each message, pure: [gatehouse.example/mtls],
//     [gatehouse.example/dpop], and under internal/protocol jose,
//     confirmation, clientauth, accesstoken, assertion.
//   - Domain, state and decisions: internal/registry, internal/keys,
//     internal/grant, internal/replay, internal/jwks, internal/policy,
//     internal/ca, [gatehouse.example/resource],
//     [gatehouse.example/fapiclient].
//   - Doors, ways in and the stores behind: internal/edge,
//     internal/authserver, internal/gateway, internal/store/sqlstore.
//   - Roof: internal/config, internal/serve, internal/demo, cmd/gatehouse.
//
// # A token request
//
// Read internal/authserver/token/steps.go: the whole order is one table.
// edge admits the connection; web reads the form and refuses duplicates;
// clientauth turns what the client presents into a proof of who it is; dpop or
// mtls turn what it holds into a proof of that; the target and the scopes are
// chosen; grant spends what may be used once and stores what is issued, and
// only then signs; audit has the decision on disk before the answer leaves.
//
// # An API call
//
// Read internal/gateway/order.go, and for its fourth step resource/steps.go.
// edge admits the connection; the route is found by the escaped path;
// resource judges the token (signature, issuer, audience, times, type), then
// by internal/policy its binding and scope, and spends the proof last; a
// signed assertion of who calls is made; audit takes the record; proxy strips
// what a client may not say and streams to the upstream, which checks the
// assertion with resource's middleware.
//
// # Which rooms to import
//
// Programs outside this module may import oauth, mtls, dpop, resource and
// fapiclient. They bring only the standard library, go-jose and OpenTelemetry's
// trace types with them.
package gatehouse
