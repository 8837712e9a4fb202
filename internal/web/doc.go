// Package web is the edge between net/http and code that returns errors.
//
// Invariant: a handler says what went wrong by returning an error, and one
// renderer turns it into an answer; whatever is not a deliberate refusal,
// a panic included, is denied under rule RS25 with nothing of its inside
// shown. An answer of an API is never cached unless its handler says so, and
// an answer that was cut off never looks complete: once a byte is out, an
// error or a panic ends the connection instead.
//
// Form parameters come from the body of a POST only, so that a credential in
// a URL, which ends up in logs and histories, is refused where it arrives.
package web
