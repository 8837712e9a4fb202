package proxy

import (
	"strings"
	"time"

	"gatehouse.example/internal/protocol/assertion"
)

// assertionCacheBytes bounds the signed assertions kept for one upstream.
const assertionCacheBytes = 16 << 20

// callKey is all that an assertion says, but for its times and its name.
type callKey struct {
	caller assertion.Caller
	method string
	path   string
}

// signed is an assertion and the span of time in which it is sent.
type signed struct {
	text        string
	from, until time.Time
}

// Assert gives an assertion that caller makes a call of the method and the
// escaped path, as the client sent it. One that was signed at most
// [assertion.ReuseFor] ago for the same call serves again.
func (u *Upstream) Assert(caller assertion.Caller, method, escapedPath string, now time.Time) (string, error) {
	key := callKey{caller, method, escapedPath}
	if s, found := u.assertions.Get(key); found && !now.Before(s.from) && now.Before(s.until) {
		return s.text, nil
	}
	text, err := assertion.Sign(u.cfg.Signer, u.cfg.Gateway, caller, assertion.Call{
		Audience: u.cfg.Audience,
		Method:   method,
		URI:      u.origin + u.prefix + escapedPath,
	}, now)
	if err != nil {
		return "", err
	}
	// The path is a part of the request line, which must not be kept for it.
	key.path = strings.Clone(escapedPath)
	u.assertions.Put(key, &signed{text, now, now.Add(assertion.ReuseFor)}, len(text)+len(escapedPath)+keyOverhead)
	return text, nil
}

// keyOverhead is what an entry takes besides the assertion's text and the
// path: the caller's texts, the map's slot and the entry itself.
const keyOverhead = 768
