package fapiclient

import (
	"net/http"
	"net/url"
	"sync"
)

const (
	maxNonce   = 1024 // bytes; ours are shorter, and so is every one seen
	maxOrigins = 256  // a client talks to few
)

// nonces remembers the newest DPoP nonce of each origin (CL7). A nonce of one
// server is never shown to another (RFC 9449 §9).
type nonces struct {
	mu       sync.Mutex
	byOrigin map[string]string
}

func (n *nonces) get(u *url.URL) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byOrigin[origin(u)]
}

// learn keeps the nonce that an answer brings.
func (n *nonces) learn(u *url.URL, h http.Header) {
	nonce := newNonce(h)
	if nonce == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byOrigin == nil || len(n.byOrigin) >= maxOrigins {
		// Forgetting costs one more round trip per origin, nothing else.
		n.byOrigin = map[string]string{}
	}
	n.byOrigin[origin(u)] = nonce
}

// newNonce is the nonce that an answer brings, "" when it does not bring
// exactly one (RFC 9449 §8), or one that is no visible ASCII without quotation
// mark and backslash (§8.1).
func newNonce(h http.Header) string {
	values := h.Values("DPoP-Nonce")
	if len(values) != 1 || len(values[0]) > maxNonce {
		return ""
	}
	for i := range len(values[0]) {
		if c := values[0][i]; c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return ""
		}
	}
	return values[0]
}
