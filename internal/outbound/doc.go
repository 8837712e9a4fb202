// Package outbound fetches small documents from servers that a configuration
// or a client named: metadata and key sets.
//
// Invariant: a [Client] speaks only TLS 1.3 to a server whose certificate it
// has verified, follows no redirect, uses no proxy, reads no more than its
// limit, and opens no connection to an address inside our own network unless
// [Options.AllowPrivate] says so (C4, AS104). The address is judged after the
// name was resolved, on the very connection that is opened, so a name that
// resolves differently the second time gains nothing.
package outbound
