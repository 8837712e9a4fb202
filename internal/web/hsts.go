package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// hstsValue is two years, twice what N7 asks for, and what the browsers'
// preload list accepts.
const hstsValue = "max-age=63072000; includeSubDomains; preload"

// HSTS returns the Strict-Transport-Security value for a host, with or
// without a port (N7, RFC 6797). It is empty for localhost, where the header
// would break every other program of the developer's machine, and for an IP
// address, to which it does not apply (RFC 6797 §8.1.1).
func HSTS(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || strings.EqualFold(host, "localhost") || hasSuffixFold(host, ".localhost") {
		return ""
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	return hstsValue
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// WithHSTS puts the header on every answer of next, refusals and redirects
// too, when the request came over TLS to a host that [HSTS] has a value for.
func WithHSTS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			if value := HSTS(r.Host); value != "" {
				w.Header().Set("Strict-Transport-Security", value)
			}
		}
		next.ServeHTTP(w, r)
	})
}
