package oauth

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is one scope value, a scope-token of RFC 6749 §3.3.
type Scope string

// openIDScopes are the scopes that OpenID Connect Core defines (§5.4, §11).
// They are built in, need no declaration and are not counted as a
// deployment's own.
var openIDScopes = []Scope{"openid", "profile", "email", "phone", "address", "offline_access"}

// IsOpenID tells whether the scope is one of OpenID Connect's own (OIDC Core
// §5.4 and §11): openid, profile, email, phone, address, offline_access.
func (s Scope) IsOpenID() bool { return slices.Contains(openIDScopes, s) }

// Scopes is a list of scopes without repeats, in the order given.
type Scopes []Scope

// ParseScopes reads a space-delimited scope parameter or claim (RFC 6749
// §3.3). Empty text gives no scopes; a repeated scope is kept once.
func ParseScopes(s string) (Scopes, error) {
	if s == "" {
		return nil, nil
	}
	var out Scopes
	for part := range strings.SplitSeq(s, " ") {
		if part == "" {
			return nil, fmt.Errorf("scope has an empty entry: scopes are separated by one space")
		}
		for i := range len(part) {
			if c := part[i]; c <= 0x20 || c == '"' || c == '\\' || c >= 0x7f {
				return nil, fmt.Errorf("scope has a character outside RFC 6749 §3.3")
			}
		}
		if !slices.Contains(out, Scope(part)) {
			out = append(out, Scope(part))
		}
	}
	return out, nil
}

// ParseDeclaredScope reads a scope of a deployment's own: resource.action,
// both parts of lower-case letters, digits, '-' and '_'. The wildcard "*" has
// no place in it.
func ParseDeclaredScope(s string) (Scope, error) {
	resource, action, ok := strings.Cut(s, ".")
	if !ok || !plainWord(resource) || !plainWord(action) {
		return "", fmt.Errorf("scope %q is not of the form resource.action (lower-case letters, digits, '-' and '_')", s)
	}
	return Scope(s), nil
}

func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != ""
}

// Has tells whether the list holds the scope.
func (l Scopes) Has(s Scope) bool { return slices.Contains(l, s) }

// Within tells whether every scope of the list is in other.
func (l Scopes) Within(other Scopes) bool {
	for _, s := range l {
		if !other.Has(s) {
			return false
		}
	}
	return true
}

// String joins the scopes with spaces, the form on the wire.
func (l Scopes) String() string {
	var b strings.Builder
	for i, s := range l {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s))
	}
	return b.String()
}
