// Package assertion makes and checks the gateway's word about who calls: a
// short-lived JWT that goes with a request to an upstream, in the header
// [Header], in place of the access token that the gateway has judged and kept.
//
// Invariants. An assertion names one upstream, one method and one address, and
// lives at most [Lifetime]. Its caller is whole or nobody: a name without the
// token's issuer and binding beside it is refused. The output of a step is the
// input of the next: [Parse] gives an [Unverified], which serves to choose a
// key; [Unverified.Verify] a [Verified], whose signature holds; [Judge] says
// whether that is good for this request. Judge runs on every request, also
// when the signature check was saved by a cache. A zero Verified panics.
//
// No requirement has an id for assertions alone, so a refusal carries the id
// of the rule that says the same of tokens and proofs: C7 for algorithm and
// typ, RS2 for form and signature, RS6 for issuer, audience and times, RS7
// for method and address, RS4 for the caller's binding.
package assertion
