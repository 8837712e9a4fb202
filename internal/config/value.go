package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is one place of the file: what stands there, its key, and its rule.
// Reading an absent value gives a zero or the default; whether it may be
// absent was settled when the mapping around it was read.
type value struct {
	d    *decoder
	node *yaml.Node // nil when the key is absent
	at   *yaml.Node // where a problem points: the node, or the mapping that lacks it
	path string
	rule *rule
}

func (v value) present() bool { return v.node != nil }

// fail reports a problem at this place.
func (v value) fail(format string, args ...any) {
	v.d.report(v.at, v.path, fmt.Sprintf(format, args...))
}

// child is the place of a member or an entry. What must not be shown of the
// outer value must not be shown of the inner one.
func (v value) child(node, at *yaml.Node, path string, r *rule) value {
	c := value{d: v.d, node: node, at: at, path: path, rule: r}
	if node != nil {
		v.d.places[path] = c
	}
	return c
}

// is checks the kind of the value, and says otherwise what was expected.
func (v value) is(kind yaml.Kind) bool {
	if v.node == nil || v.d.magic[v.node] {
		return false
	}
	if v.node.Kind == kind && v.node.ShortTag() != "!!null" {
		return true
	}
	v.fail("is %s; expected %s", v.found(), v.rule.expects)
	return false
}

// found names what stands there, without showing what may be a secret.
func (v value) found() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if v.node.ShortTag() == "!!null" {
		return "empty"
	}
	if v.rule.private || v.rule.keys != nil {
		return "a single value"
	}
	return show(v.node.Value)
}

// object is a mapping whose keys were checked.
type object struct {
	value
	members []member
}

type member struct {
	name string
	value
}

// object reads a mapping: it reports unknown, repeated and missing keys.
func (v value) object() object {
	o := object{value: v}
	if !v.is(yaml.MappingNode) {
		return o
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, node := v.node.Content[i], v.node.Content[i+1]
		if v.d.magic[key] {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			v.d.report(key, v.path, "has a key that is not plain text")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			v.d.report(key, join(v.path, key.Value), fmt.Sprintf("is given twice, first on line %d", line))
			continue
		}
		seen[key.Value] = key.Line
		r := v.memberRule(key.Value)
		if r == nil {
			v.d.report(key, join(v.path, key.Value), "unknown key; the keys here are "+listed(v.rule.names())+meant(key.Value, v.rule.names()))
			continue
		}
		o.members = append(o.members, member{key.Value, v.child(node, node, join(v.path, key.Value), r)})
	}
	for _, r := range v.rule.keys {
		if !v.rule.named && r.required && seen[r.name] == 0 {
			v.d.report(v.node, join(v.path, r.name), "is missing; expected "+r.expects)
		}
	}
	return o
}

func (v value) memberRule(name string) *rule {
	if v.rule.named {
		return &rule{name: name, expects: "{description: \"...\"}", keys: v.rule.keys}
	}
	return v.rule.find(name)
}

// get is the member of that name, absent or not.
func (o object) get(name string) value {
	for _, m := range o.members {
		if m.name == name {
			return m.value
		}
	}
	r := o.rule.find(name)
	if r == nil {
		panic("config: no key " + name + " in the grammar of " + o.path)
	}
	return o.child(nil, o.at, join(o.path, name), r)
}

// entries reads a list. A required list has at least one entry, unless
// noneToo says that none is fine.
func (v value) entries(noneToo bool) []value {
	if !v.is(yaml.SequenceNode) {
		return nil
	}
	if len(v.node.Content) == 0 && !noneToo {
		v.fail("is an empty list; expected %s", v.rule.expects)
	}
	inner := &rule{name: v.rule.name, expects: entryOf(v.rule), private: v.rule.private, oidc: v.rule.oidc, keys: v.rule.keys}
	var out []value
	for i, n := range v.node.Content {
		out = append(out, v.child(n, n, fmt.Sprintf("%s[%d]", v.path, i), inner))
	}
	return out
}

func entryOf(r *rule) string {
	if r.list {
		return aMapping
	}
	return "one of " + strings.TrimPrefix(r.expects, "a list of ")
}

func join(path, name string) string {
	name = showKey(name)
	if path == "" {
		return name
	}
	return path + "." + name
}
