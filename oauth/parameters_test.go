package oauth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gatehouse.example/oauth"
)

func TestParseParameters_AS29_WhatIsReadAndRefused(t *testing.T) {
	for _, c := range []struct {
		name, body string
		good       bool
	}{
		{"AS29 each once", "grant_type=client_credentials&scope=a.b+c.d", true},
		{"AS29 nothing", "", true},
		{"AS29 resource and audience may repeat", "resource=x&resource=y&audience=x&audience=x", true},
		{"AS29 names differ by case", "scope=a&Scope=b", true},
		{"AS29 64 parameters", strings.Repeat("resource=x&", 63) + "a=b", true},

		{"AS29 twice", "scope=a&scope=b", false},
		{"AS29 twice, the same", "scope=a&scope=a", false},
		{"AS29 twice, once empty", "scope=&scope=a", false},
		{"AS29 twice, once without a sign", "scope&scope=a", false},
		{"AS29 twice, once escaped", "scope=a&%73cope=b", false},
		{"AS29 an unknown one twice", "color=red&color=red", false},
		{"AS29 65 parameters", strings.Repeat("resource=x&", 64) + "a=b", false},
		{"AS29 a broken escape", "scope=%4", false},
		{"AS29 a semicolon for an ampersand", "a=b;c=d", false},
		{"AS29 a value that is not UTF-8", "scope=%ff", false},
		{"AS29 a name that is not UTF-8", "%ff=a", false},
		{"AS29 a NUL", "scope=a%00b", false},
		{"AS29 a NUL in a name", "sc%00ope=a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := oauth.ParseParameters(c.body)
			if c.good {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *oauth.Refusal
			if !errors.As(err, &refusal) || refusal.Rule != "AS29" || refusal.Code != oauth.InvalidRequest || refusal.HTTPStatus() != 400 {
				t.Errorf("got %v, want AS29 invalid_request", err)
			}
		})
	}
}

func TestParameters_EmptyCountsAsOmitted(t *testing.T) {
	p, err := oauth.ParseParameters("a=1&empty=&bare&resource=&resource=x&resource=y")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "bare", "absent"} {
		if p.Has(name) || p.Get(name) != "" || p.All(name) != nil {
			t.Errorf("%s counts as there", name)
		}
	}
	if !p.Has("a") || p.Get("a") != "1" || !slices.Equal(p.All("resource"), []string{"x", "y"}) {
		t.Errorf("a is %q, resource is %q", p.Get("a"), p.All("resource"))
	}
	if zero := (oauth.Parameters{}); zero.Has("a") || zero.Get("a") != "" || zero.All("a") != nil {
		t.Error("no parameters at all have some")
	}
}

func FuzzParseParameters(f *testing.F) {
	f.Add("grant_type=client_credentials&scope=a.b")
	f.Add("scope=a&scope=b")
	f.Add("%ff=%00;&=")
	f.Fuzz(func(t *testing.T, body string) {
		p, err := oauth.ParseParameters(body)
		if err != nil {
			if refusal := oauth.AsRefusal(err); refusal.Rule != "AS29" {
				t.Fatalf("refused by %s", refusal.Rule)
			}
			return
		}
		for _, name := range []string{"scope", "grant_type", "client_id"} {
			if len(p.All(name)) > 1 || strings.ContainsRune(p.Get(name), 0) {
				t.Fatalf("%s is %q", name, p.All(name))
			}
		}
	})
}
