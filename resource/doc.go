// Package resource is what a resource server does with an access token: it
// validates the token, checks that the sender is the one it was bound to, and
// asks whether it may do this. The gateway is its first user; any Go API can
// be the second.
//
// A [Verifier] holds, for each issuer that is trusted, its keys (fetched,
// cached and renewed in the background), its algorithms and the audience that
// its tokens must name. [Verifier.Decide] runs the whole sequence, a table on
// one screen (steps.go); [Verifier.Protect] does the same in front of a
// handler. [GatewayAssertions] is for the other side: an API behind the
// gateway, which checks the gateway's signed word about who calls.
//
// Invariant: every request is denied unless every step has passed. A missing
// requirement, keys that cannot be had, a replay store that fails and a panic
// all deny (RS25). The token cache replaces the signature check and nothing
// else: issuer, type, audience, times, binding and scope are judged on every
// request. A proof's jti is spent last, when nothing else can fail (RS10).
package resource
