package config

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// schemaNode is as much of JSON Schema as the comparison needs.
type schemaNode struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Properties           map[string]*schemaNode
	Required             []string
	Items                *schemaNode
	AdditionalProperties json.RawMessage
	Defs                 map[string]*schemaNode `json:"$defs"`
}

// The schema for editors and the decoder know the same keys, demand the same
// ones, and agree on what is a list.
func TestSchema_SameKeysAsTheDecoder(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, root.Defs, &root, grammar, "")
}

func sameKeys(t *testing.T, defs map[string]*schemaNode, s *schemaNode, r *rule, path string) {
	if s == nil {
		t.Errorf("%s is not in the schema", path)
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		s = defs[name]
	}
	if r.list {
		sameKeys(t, defs, s.Items, &rule{keys: r.keys}, path+"[]")
		return
	}
	if r.named {
		var inner schemaNode
		if err := json.Unmarshal(s.AdditionalProperties, &inner); err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		sameKeys(t, defs, &inner, &rule{keys: r.keys}, path+".<name>")
		return
	}
	var required []string
	for _, k := range r.keys {
		sameKeys(t, defs, s.Properties[k.name], k, path+"."+k.name)
		if k.required {
			required = append(required, k.name)
		}
	}
	if len(s.Properties) != len(r.keys) {
		t.Errorf("%s: the schema has %d keys, the decoder %d", path, len(s.Properties), len(r.keys))
	}
	if !slices.Equal(s.Required, required) {
		t.Errorf("%s: the schema demands %v, the decoder %v", path, s.Required, required)
	}
	if r.keys != nil && string(s.AdditionalProperties) != "false" {
		t.Errorf("%s: the schema lets unknown keys pass", path)
	}
}
