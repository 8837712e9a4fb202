// Package registry holds the clients that are registered at each issuer.
//
// Invariant: a client belongs to one issuer, and no lookup goes without naming
// it: the same client_id at two issuers is two clients. What is in a registry
// has been judged whole by [New]: each client has one method of
// authentication with all that the method needs, one binding of its tokens,
// and at least one scope and audience. A registry never changes; a new
// configuration makes a new one.
package registry
