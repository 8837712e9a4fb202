package config

import (
	"slices"
	"strings"

	"gatehouse.example/oauth"
)

// declareScopes reads the scopes that this deployment knows.
func (d *decoder) declareScopes(v value) []Scope {
	if !v.present() {
		return nil
	}
	d.scopes = []Scope{}
	for _, m := range v.object().members {
		o := m.object()
		s := Scope{
			Name:        oauth.Scope(m.name),
			Description: o.get("description").text(),
			HighValue:   o.get("high_value").flag(false),
		}
		d.scopes = append(d.scopes, s)
		switch _, err := oauth.ParseDeclaredScope(m.name); {
		case s.Name.IsOpenID():
			m.fail("is OpenID Connect's own scope; it is built in and not declared")
		case strings.Contains(m.name, "*"):
			m.fail("a scope is never a wildcard: name each resource.action that there is")
		case err != nil:
			m.fail("is not of the form resource.action, of a-z, 0-9, '-' and '_'")
		}
	}
	if len(d.scopes) == 0 && !d.magic[v.node] {
		v.fail("declares no scope; expected %s", v.rule.expects)
	}
	return d.scopes
}

// scopeNames lists the declared scopes that are well-formed.
func (d *decoder) scopeNames() []string {
	var out []string
	for _, s := range d.scopes {
		if _, err := oauth.ParseDeclaredScope(string(s.Name)); err == nil {
			out = append(out, string(s.Name))
		}
	}
	return out
}

func (d *decoder) findScope(name oauth.Scope) (Scope, bool) {
	for _, s := range d.scopes {
		if s.Name == name {
			return s, true
		}
	}
	return Scope{}, false
}

// scope reads one scope, which must be declared.
func (v value) scope() (Scope, bool) {
	name := v.text()
	if name == "" {
		return Scope{}, false
	}
	if strings.Contains(name, "*") {
		v.fail("%s is a wildcard, which grants whatever is added later; name each scope", show(name))
		return Scope{}, false
	}
	if oauth.Scope(name).IsOpenID() && v.rule.oidc {
		return Scope{Name: oauth.Scope(name)}, true
	}
	s, ok := v.d.findScope(oauth.Scope(name))
	if !ok && v.d.scopes != nil {
		v.fail("%s is not a declared scope; declared: %s%s", show(name), listed(v.d.scopeNames()), meant(name, v.d.scopeNames()))
	}
	return s, ok
}

// scopeList reads a list of declared scopes, each once and each judged by fine,
// which reports what it does not like.
func (v value) scopeList(fine func(e value, s oauth.Scope) bool) oauth.Scopes {
	var out oauth.Scopes
	for _, e := range v.entries(false) {
		s, ok := e.scope()
		switch {
		case !ok:
		case out.Has(s.Name):
			e.fail("%s is given twice", show(string(s.Name)))
		case fine(e, s.Name):
			out = append(out, s.Name)
		}
	}
	return out
}

// anyScope finds nothing wrong with a declared scope.
func anyScope(value, oauth.Scope) bool { return true }

// textList reads a list of texts, each once, and each judged by fine, which
// reports what it does not like.
func (v value) textList(fine func(e value, s string) bool) []string {
	var out []string
	seen := map[string]bool{}
	for _, e := range v.entries(false) {
		s := e.text()
		switch {
		case s == "":
		case seen[s]:
			e.fail("%s is given twice", show(s))
		case fine(e, s):
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// oneOf judges an entry by a list of what is allowed.
func oneOf(allowed []string) func(e value, s string) bool {
	return func(e value, s string) bool {
		if slices.Contains(allowed, s) {
			return true
		}
		e.fail("%s is not allowed; allowed: %s%s", show(s), listed(allowed), meant(s, allowed))
		return false
	}
}
