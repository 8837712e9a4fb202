package dpop_test

import (
	"strings"
	"testing"

	"gatehouse.example/dpop"
)

func TestNormalizeURI_RS7_SameForm(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"RS7 as it is", "https://api.example.com/a/b", "https://api.example.com/a/b"},
		{"RS7 case of scheme and host", "HTTPS://API.Example.COM/A", "https://api.example.com/A"},
		{"RS7 default port", "https://api.example.com:443/a", "https://api.example.com/a"},
		{"RS7 default port of http", "http://localhost:80/a", "http://localhost/a"},
		{"RS7 empty port", "https://api.example.com:/a", "https://api.example.com/a"},
		{"RS7 other port", "https://api.example.com:8443/a", "https://api.example.com:8443/a"},
		{"RS7 port of the other scheme", "https://api.example.com:80/a", "https://api.example.com:80/a"},
		{"RS7 query and fragment", "https://api.example.com/a?b=/c#d", "https://api.example.com/a"},
		{"RS7 query on an empty path", "https://api.example.com?b", "https://api.example.com/"},
		{"RS7 empty path", "https://api.example.com", "https://api.example.com/"},
		{"RS7 trailing slash stays", "https://api.example.com/a/", "https://api.example.com/a/"},
		{"RS7 double slash stays", "https://api.example.com//a", "https://api.example.com//a"},
		{"RS7 dot segments stay", "https://api.example.com/a/../b", "https://api.example.com/a/../b"},
		{"RS7 escapes in capitals", "https://api.example.com/a%2fb%c3%a9", "https://api.example.com/a%2Fb%C3%A9"},
		{"RS7 unreserved unescaped", "https://api.example.com/%7Ea%41%2d", "https://api.example.com/~aA-"},
		{"RS7 an escaped escape is not unescaped twice", "https://api.example.com/%2541", "https://api.example.com/%2541"},
		{"RS7 IPv6", "https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := dpop.NormalizeURI(c.in)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestNormalizeURI_RS7_Refused(t *testing.T) {
	for name, in := range map[string]string{
		"empty": "", "relative": "/a", "no scheme": "api.example.com/a", "no host": "https:///a",
		"only a port": "https://:443/a", "opaque": "https:api.example.com", "other scheme": "ftp://api.example.com/a",
		"user information": "https://user@api.example.com/a", "space": "https://api.example.com/a b",
		"backslash": `https://api.example.com\a`, "quote": `https://api.example.com/"`,
		"not ASCII": "https://api.example.com/é", "not ASCII host": "https://é.example.com/",
		"escaped host": "https://%C3%A9.example.com/", "zone": "https://[fe80::1%25eth0]/",
		"cut escape": "https://api.example.com/%2", "bad escape": "https://api.example.com/%zz",
		"bad escape in the query": "https://api.example.com/?%zz", "bad port": "https://api.example.com:x/",
		"line feed": "https://api.example.com/a\n", "too long": "https://api.example.com/" + strings.Repeat("a", 8<<10),
	} {
		t.Run("RS7 "+name, func(t *testing.T) {
			if got, err := dpop.NormalizeURI(in); err == nil {
				t.Errorf("accepted as %q", got)
			}
		})
	}
}
