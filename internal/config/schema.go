package config

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema of the file, for editors. It knows the keys and
// the form of each value; what one part of the file demands of another only
// [Parse] checks.
func Schema() []byte { return append([]byte(nil), schema...) }
