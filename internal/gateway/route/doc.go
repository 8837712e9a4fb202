// Package route finds the route of a request by its method and escaped path.
//
// Invariant: a path that two programs could read differently matches nothing.
// [Table.Find] refuses dot segments, empty segments, and whatever decodes to a
// slash, a backslash, a semicolon, a control character, text that is not UTF-8
// or another percent-encoding. Every other segment has one meaning, its
// decoded text, and that is what is compared: /%61dmin is /admin here as it is
// at the upstream, and a literal segment always wins over a {parameter}.
package route
