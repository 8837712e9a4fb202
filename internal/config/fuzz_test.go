package config

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzParse: whatever the file holds, either it is right and keeps the rules,
// or each problem is one line with its place, in order, and the same again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goodFile(f)))
	f.Add([]byte("version: 1\n---\nversion: 1\n"))
	f.Add([]byte("scopes: &a\n  a.b: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parts := range []Parts{Whole(), {only: []string{PartGateway}}} {
			c, problems := Parse("g.yaml", data, parts)
			if (c == nil) != (len(problems) > 0) {
				t.Fatalf("config %v, problems %v", c, problems)
			}
			if again := second(Parse("g.yaml", data, parts)); again.String() != problems.String() {
				t.Fatalf("first: %s\nthen: %s", problems, again)
			}
			checkProblems(t, problems)
			if c != nil {
				checkConfig(t, c)
			}
		}
	})
}

func second(_ *Config, p Problems) Problems { return p }

func checkProblems(t *testing.T, problems Problems) {
	t.Helper()
	for i, p := range problems {
		if p.Text == "" || strings.ContainsAny(p.String(), "\n\r\x1b") {
			t.Fatalf("not one line of text: %q", p)
		}
		if i > 0 && p.Line < problems[i-1].Line {
			t.Fatalf("out of order: %s", problems)
		}
	}
}

// checkConfig holds a right configuration to the promises of the file.
func checkConfig(t *testing.T, c *Config) {
	t.Helper()
	if s := c.AuthServer; s != nil {
		for _, i := range s.Issuers {
			if i.AccessTokenLifetime < 5*time.Minute || i.AccessTokenLifetime > 15*time.Minute || !strings.HasPrefix(i.URL, "https://") {
				t.Fatalf("issuer %+v", i)
			}
			for _, client := range i.Clients {
				if client.Subject.Present() == (client.JWKSFile != "") || slices.Contains(client.Scopes, "*") {
					t.Fatalf("client %+v", client)
				}
			}
		}
	}
	if g := c.Gateway; g != nil {
		for _, u := range g.Upstreams {
			if u.Timeout <= 0 || u.MaxBody <= 0 || !strings.HasPrefix(u.URL, "https://") {
				t.Fatalf("upstream %+v", u)
			}
		}
		for _, r := range g.Routes {
			if (r.Scope == "") == (strings.TrimSpace(r.UnsafePublic) == "") {
				t.Fatalf("route %+v", r)
			}
		}
	}
}

// FuzzSecretIsNotShown: whatever stands where a reference belongs, around a
// secret and on its line, no message repeats the secret.
func FuzzSecretIsNotShown(f *testing.F) {
	for _, around := range []string{"", "*", "&", "!", "pass:", "fd:", "fd:9", "env:-", "credential:../", "[", "{", "-----BEGIN PRIVATE KEY-----"} {
		f.Add(around, "", false)
		f.Add(around, "", true)
	}
	f.Add("{a: ", "}", false)
	f.Add("*a ", ": b", false)
	const secret = "Zq7hunter2Zq7"
	good := goodFile(f)
	oneLine := strings.NewReplacer("\n", " ", "\r", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")
	f.Fuzz(func(t *testing.T, before, after string, quoted bool) {
		written := oneLine.Replace(before) + secret + oneLine.Replace(after)
		if quoted {
			written = strconv.Quote(written)
		}
		for _, reference := range []string{"file:secrets/sealing.key", "file:secrets/gateway-assertion.key"} {
			_, problems := Parse("g.yaml", []byte(strings.Replace(good, reference, written, 1)), Whole())
			if strings.Contains(problems.String(), secret) {
				t.Fatalf("the secret is shown: %s", problems)
			}
		}
	})
}
