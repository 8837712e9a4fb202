// Package oauth holds the vocabulary of OAuth 2.1 and its companions: error
// codes, grant types, the parameters of a request, scopes and metadata.
//
// Invariant: a value of this package says nothing about who may do what. It
// names things in the RFCs' own words, so that every other room and every
// importing program uses one spelling. [Parameters] can only be made by
// parsing a form in which no parameter that must be single occurs twice, and
// a [Scope] only by parsing the RFC 6749 §3.3 syntax.
//
// A [Refusal] is the one shape of a deliberate denial. What the client may
// read (code and description) and what the operator reads (rule and cause)
// are separate fields and never mixed.
package oauth
