package route

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzFind holds the matcher to its invariant: what matches has one reading,
// and every other spelling of that reading finds the same route.
func FuzzFind(f *testing.F) {
	for _, path := range []string{
		"/", "/accounts", "/accounts/1", "/accounts/%61dmin", "/accounts/a%2Fb", "/accounts/../payments",
		"/accounts/%2e%2e", "/accounts//1", "/accounts/1%00", "/accounts/a%252Fb", "/accounts/admin;x", "/accounts/%C3%A9/transactions",
	} {
		f.Add("GET", path)
	}
	table := newTable(f)
	f.Fuzz(func(t *testing.T, method, path string) {
		got, allow, err := table.Find(method, path)
		if err != nil {
			if got != "" {
				t.Fatalf("%q was refused and gave %q", path, got)
			}
			return
		}
		if allow != "" {
			t.Fatalf("%q matched %q and lists methods", path, got)
		}
		// What an upstream makes of the path: decoded once, it must have the
		// same segments, and not be changed by cleaning.
		decoded, err := url.PathUnescape(path)
		if err != nil {
			t.Fatalf("%q matched %q, but net/url cannot decode it: %v", path, got, err)
		}
		if strings.Count(decoded, "/") != strings.Count(path, "/") || strings.Contains(decoded, "//") {
			t.Fatalf("%q matched %q and has other segments when decoded: %q", path, got, decoded)
		}
		for segment := range strings.SplitSeq(decoded, "/") {
			if segment == "." || segment == ".." || strings.ContainsAny(segment, "\\;\x00\r\n") {
				t.Fatalf("%q matched %q with the segment %q", path, got, segment)
			}
		}
		other := (&url.URL{Path: decoded}).EscapedPath()
		if again, _, err := table.Find(method, other); err != nil || again != got {
			t.Fatalf("%q matched %q, and its other spelling %q gave %q, %v", path, got, other, again, err)
		}
	})
}
