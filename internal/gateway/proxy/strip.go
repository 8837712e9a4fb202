package proxy

import (
	"net/http"
	"strings"
)

// strippedNames are headers by which a client could pass for another, reach
// another path or use another method than the one that was judged. The first
// group holds its credentials, which are for the gateway alone (RS20).
var strippedNames = set(
	"authorization", "dpop",
	"client-cert", "client-cert-chain", // RFC 9440
	"forwarded", "x-real-ip", "true-client-ip", // RFC 7239, and proxies' own
	"remote-user", "x-remote-user",
	"x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override",
)

// strippedPrefixes are families of such headers. x-forwarded- covers Envoy's
// x-forwarded-client-cert.
var strippedPrefixes = []string{"x-client-", "x-forwarded-", "x-ssl-", "ssl-client-", "gatehouse-", "proxy-"}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// longestName bounds what is compared: a longer name has one of the prefixes
// or is none of the names.
const longestName = 32

// stripped tells whether a client may not send the header (RS19). Servers
// that turn headers into variables (CGI, WSGI, FastCGI) read '_' and '-' alike.
func stripped(name string) bool {
	var buf [longestName]byte
	n := 0
	for ; n < len(name) && n < len(buf); n++ {
		c := name[n]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		buf[n] = c
	}
	lower := buf[:n]
	// The compiler makes no string for these comparisons.
	for _, prefix := range strippedPrefixes {
		if len(lower) >= len(prefix) && string(lower[:len(prefix)]) == prefix {
			return true
		}
	}
	return len(name) <= len(buf) && strippedNames[string(lower)]
}

// strip removes what clients may not send.
func strip(h http.Header) {
	for name := range h {
		if stripped(name) {
			delete(h, name)
		}
	}
}

// answerStripped are an upstream's headers that speak for the gateway: its
// transport security, its other addresses, and the nonces of its proofs.
var answerStripped = []string{"Strict-Transport-Security", "Alt-Svc", "Dpop-Nonce"}

func stripAnswer(h http.Header) {
	for _, name := range answerStripped {
		delete(h, name)
	}
	for name := range h {
		if strings.HasPrefix(name, "Gatehouse-") {
			delete(h, name)
		}
	}
}
