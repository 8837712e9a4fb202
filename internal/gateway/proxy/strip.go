package proxy

import (
	"net/http"
	"strings"
)

// strippedNames are headers by which a client could pass for another, reach
// another path or use another method than the one that was judged; one that
// ends in '-' stands for all that begin so. The first two are the client's
// credentials, which are for the gateway alone (RS20). x-forwarded- covers
// Envoy's x-forwarded-client-cert.
var strippedNames = []string{
	"authorization", "dpop",
	"client-cert", "client-cert-chain", // RFC 9440
	"forwarded", "x-forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-cluster-client-ip", // RFC 7239, and proxies' own
	"remote-user", "x-remote-", "x-auth-request-", "x-authenticated-", "x-consumer-", "x-credential-",
	"x-original-", "x-rewrite-url", "x-host", "x-http-method", "x-http-method-override", "x-method-override",
	"x-client-", "x-forwarded-", "x-ssl-", "x-tls-client-", "ssl-client-", "x-amzn-mtls-", "x-arr-clientcert", "x-envoy-",
	"gatehouse-", "proxy-",
	"proxy", // HTTP_PROXY to a CGI program, which would send its own calls there
}

// strippedBy has the names by their first letter.
var strippedBy = func() (by [256][]string) {
	for _, name := range strippedNames {
		by[name[0]] = append(by[name[0]], name)
	}
	return by
}()

// stripped tells whether a client may not send the header (RS19).
func stripped(name string) bool {
	if name == "" {
		return false
	}
	for _, s := range strippedBy[plain(name[0])] {
		if matches(name, s) {
			return true
		}
	}
	return false
}

// matches compares a header's name with one of strippedNames.
func matches(name, s string) bool {
	family := s[len(s)-1] == '-'
	if len(name) < len(s) || len(name) > len(s) && !family {
		return false
	}
	for i := range len(s) {
		if plain(name[i]) != s[i] {
			return false
		}
	}
	return true
}

// plain reads '_', '.' and whatever else is neither letter nor digit as '-',
// for servers that turn headers into variables (CGI, WSGI, FastCGI) cannot tell
// them apart, and capitals as small letters.
func plain(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		return c
	}
	return '-'
}

// ours is how many headers the gateway adds to a request at most.
const ours = 10

// admitted returns the headers that clients may send, with room for ours.
func admitted(h http.Header) http.Header {
	out := make(http.Header, len(h)+ours)
	for name, values := range h {
		if !stripped(name) {
			out[name] = values
		}
	}
	return out
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
