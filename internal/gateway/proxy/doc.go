// Package proxy hands an admitted request to an upstream and its answer back.
//
// Invariants. What a client says about its own identity never arrives: every
// header of [stripped]'s list is removed, with '_' read as '-', before the
// gateway's own are set, and those are set after hop-by-hop headers are gone,
// so that a client's Connection header cannot take them away (RS19). The access
// token and the proof stay here (RS20); the upstream gets a signed assertion
// instead. Bodies are streamed both ways within the upstream's limits. An
// answer that breaks off is never made to look complete.
package proxy
