// Package config turns gatehouse.yaml, once, into validated values for every
// room; no room imports it.
//
// Invariants. A [Config] exists only when the whole file is right: unknown
// keys, duplicates, anchors, a second document and wrong types are errors, and
// all mistakes come out of one run, in the order of the lines. A secret never
// stands in the file, only a [Reference] to it, and no message shows what was
// written where a reference belongs. What a part needs is checked against the
// other parts of the same file, so that the layers cannot disagree; but the
// files and secrets of a part that was not chosen are never opened, and its
// values are not in the Config.
//
// keys.go holds the grammar: every key that exists. The reference for people
// is docs/configuration.md and the one for editors schema.json; a test keeps
// the three the same.
package config
