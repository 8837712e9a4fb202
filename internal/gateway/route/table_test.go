package route

import (
	"errors"
	"testing"
)

func newTable(t testing.TB) *Table[string] {
	t.Helper()
	var table Table[string]
	for _, r := range []struct {
		pattern string
		methods []string
	}{
		{"/", []string{"GET"}},
		{"/accounts", []string{"GET"}},
		{"/accounts/{id}", []string{"GET", "DELETE"}},
		{"/accounts/admin", []string{"GET"}},
		{"/accounts/{id}/transactions", []string{"GET"}},
		{"/accounts/summary/yearly", []string{"GET"}},
		{"/payments", []string{"POST"}},
	} {
		if err := table.Add(r.pattern, r.methods, r.pattern); err != nil {
			t.Fatal(err)
		}
	}
	return &table
}

func TestFind(t *testing.T) {
	table := newTable(t)
	for _, c := range []struct {
		method, path string
		want         string
		allow        string
		err          error
	}{
		{"GET", "/", "/", "", nil},
		{"GET", "/accounts", "/accounts", "", nil},
		{"GET", "/accounts/1", "/accounts/{id}", "", nil},
		{"DELETE", "/accounts/1", "/accounts/{id}", "", nil},
		{"GET", "/accounts/admin", "/accounts/admin", "", nil},
		{"GET", "/accounts/summary", "/accounts/{id}", "", nil},
		{"GET", "/accounts/summary/transactions", "/accounts/{id}/transactions", "", nil},
		{"GET", "/accounts/summary/yearly", "/accounts/summary/yearly", "", nil},
		{"GET", "/accounts/a%20b", "/accounts/{id}", "", nil},
		{"GET", "/accounts/100%25", "/accounts/{id}", "", nil},
		{"GET", "/accounts/%C3%A9", "/accounts/{id}", "", nil},
		{"GET", "/%61ccounts", "/accounts", "", nil},
		{"POST", "/accounts", "", "GET", ErrMethod},
		{"POST", "/accounts/1", "", "DELETE, GET", ErrMethod},
		{"get", "/accounts", "", "GET", ErrMethod},
		{"DELETE", "/accounts/admin", "", "GET", ErrMethod},
		{"GET", "/accounts/", "", "", ErrNotFound},
		{"GET", "/accounts/1/", "", "", ErrNotFound},
		{"GET", "/Accounts", "", "", ErrNotFound},
		{"GET", "/accounts/1/other", "", "", ErrNotFound},
		{"GET", "/nothing", "", "", ErrNotFound},
	} {
		got, allow, err := table.Find(c.method, c.path)
		if got != c.want || allow != c.allow || !errors.Is(err, c.err) {
			t.Errorf("%s %s: %q, %q, %v; want %q, %q, %v", c.method, c.path, got, allow, err, c.want, c.allow, c.err)
		}
	}
}

// A route's scope must be that of what the upstream will do: whatever two
// programs could read differently is refused by its reason.
func TestProof_RS25_PathsWithTwoReadings(t *testing.T) {
	table := newTable(t)
	for _, c := range []struct {
		path string
		why  error
	}{
		{"", errForm},
		{"*", errForm},
		{"accounts", errForm},
		{"//accounts", errEmpty},
		{"/accounts//1", errEmpty},
		{"/accounts/..", errDots},
		{"/accounts/../payments", errDots},
		{"/accounts/.", errDots},
		{"/accounts/%2e%2e/payments", errDots},
		{"/accounts/%2E.", errDots},
		{"/accounts/a%2Fb", errCharacter},
		{"/accounts/a%2fb", errCharacter},
		{"/accounts/a%5Cb", errCharacter},
		{`/accounts/a\b`, errCharacter},
		{"/accounts/1%00", errCharacter},
		{"/accounts/1%0d%0aX:y", errCharacter},
		{"/accounts/admin;x=y", errCharacter},
		{"/accounts/..;/payments", errCharacter},
		{"/accounts/admin%3Bx", errCharacter},
		{"/accounts/a%252Fb", errTwice},
		{"/accounts/%252e%252e", errTwice},
		{"/accounts/%", errEscape},
		{"/accounts/%2", errEscape},
		{"/accounts/%zz", errEscape},
		{"/accounts/%c0%af", errText},
		{"/accounts/\xff", errText},
	} {
		t.Run("RS25 "+c.path, func(t *testing.T) {
			got, _, err := table.Find("GET", c.path)
			if got != "" || !errors.Is(err, ErrPath) || !errors.Is(err, c.why) {
				t.Errorf("%q gave %q, %v; want %v", c.path, got, err, c.why)
			}
		})
	}
	t.Run("RS25 an encoded literal is the literal and no parameter", func(t *testing.T) {
		for _, path := range []string{"/accounts/%61dmin", "/accounts/adm%69n", "/%61ccounts/admin"} {
			if got, _, err := table.Find("GET", path); got != "/accounts/admin" || err != nil {
				t.Errorf("%s gave %q, %v", path, got, err)
			}
		}
	})
}

func TestAddRefuses(t *testing.T) {
	for _, c := range []struct{ pattern, method string }{
		{"accounts", "GET"},
		{"/accounts/", "GET"},
		{"/a//b", "GET"},
		{"/a/../b", "GET"},
		{"/a%2Fb", "GET"},
		{"/a%20b", "GET"},
		{"/a/*", "GET"},
		{"/a/{}", "GET"},
		{"/a/{id...}", "GET"},
		{"/a/x{id}", "GET"},
		{"/a?x", "GET"},
		{"/a", "CONNECT"},
		{"/a", "TRACE"},
		{"/a", "get"},
		{"/a", ""},
		{"/taken", "GET"},
		{"/taken/{other}", "GET"},
	} {
		var table Table[int]
		_ = table.Add("/taken", []string{"GET"}, 1)
		_ = table.Add("/taken/{id}", []string{"GET"}, 1)
		if err := table.Add(c.pattern, []string{c.method}, 2); err == nil {
			t.Errorf("pattern %q with method %q was taken", c.pattern, c.method)
		}
	}
	var table Table[int]
	if err := table.Add("/a", nil, 1); err == nil {
		t.Error("a route without methods was taken")
	}
}

func BenchmarkFind(b *testing.B) {
	table := newTable(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := table.Find("GET", "/accounts/12345/transactions"); err != nil {
			b.Fatal(err)
		}
	}
}
