package oauth_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse.example/oauth"
)

func TestParseScopes_Syntax(t *testing.T) {
	for text, want := range map[string][]oauth.Scope{
		"":                          nil,
		"a":                         {"a"},
		"accounts.read payments.go": {"accounts.read", "payments.go"},
		"a b a":                     {"a", "b"},
		"!#[]~":                     {"!#[]~"},
	} {
		got, err := oauth.ParseScopes(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{" ", " a", "a ", "a  b", "a\tb", "a\nb", `a"b`, `a\b`, "a\x7f", "é", "a\x00"} {
		if got, err := oauth.ParseScopes(text); err == nil {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestParseDeclaredScope_AS67_ResourceAndActionOnly(t *testing.T) {
	for _, text := range []string{"accounts.read", "kyc.admin", "a-b_1.c2"} {
		if got, err := oauth.ParseDeclaredScope(text); err != nil || got != oauth.Scope(text) {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "*", "accounts", "accounts.", ".read", "accounts.*", "*.read", "a.b.c", "Accounts.read", "accounts.read ", "openid", "é.read"} {
		t.Run("AS67 "+text, func(t *testing.T) {
			if got, err := oauth.ParseDeclaredScope(text); err == nil {
				t.Errorf("declared as %q", got)
			}
		})
	}
}

func TestScopes_AS67_Within(t *testing.T) {
	granted := oauth.Scopes{"accounts.read", "payments.write"}
	for _, c := range []struct {
		asked oauth.Scopes
		want  bool
	}{
		{nil, true},
		{oauth.Scopes{"accounts.read"}, true},
		{granted, true},
		{oauth.Scopes{"accounts.read", "kyc.admin"}, false},
		{oauth.Scopes{"accounts"}, false},
		{oauth.Scopes{"ACCOUNTS.READ"}, false},
	} {
		t.Run("AS67 "+c.asked.String(), func(t *testing.T) {
			if got := c.asked.Within(granted); got != c.want {
				t.Errorf("%q within %q is %t", c.asked, granted, got)
			}
		})
	}
	if granted.Within(nil) {
		t.Error("something is within nothing")
	}
	if got := granted.String(); got != "accounts.read payments.write" {
		t.Errorf("written as %q", got)
	}
}

func TestScope_IsOpenID(t *testing.T) {
	for _, s := range []oauth.Scope{"openid", "profile", "email", "phone", "address", "offline_access"} {
		if !s.IsOpenID() {
			t.Errorf("%s is OpenID Connect's", s)
		}
	}
	if oauth.Scope("accounts.read").IsOpenID() || oauth.Scope("OpenID").IsOpenID() {
		t.Error("somebody else's scope counts as OpenID Connect's")
	}
}

func FuzzParseScopes(f *testing.F) {
	f.Add("accounts.read payments.write")
	f.Add("a  b")
	f.Add("\x7f\"")
	f.Fuzz(func(t *testing.T, text string) {
		scopes, err := oauth.ParseScopes(text)
		if err != nil {
			return
		}
		back, err := oauth.ParseScopes(scopes.String())
		if err != nil || !slices.Equal(back, scopes) {
			t.Fatalf("%q is %q and then %q, %v", text, scopes, back, err)
		}
		if strings.ContainsAny(scopes.String(), "\"\\\x00\n\t\x7f") {
			t.Fatalf("%q holds what RFC 6749 §3.3 forbids", scopes)
		}
	})
}
