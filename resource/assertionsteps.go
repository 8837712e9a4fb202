package resource

import (
	"crypto/sha256"
	"errors"
	"net/http"

	"gatehouse.example/internal/protocol/assertion"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// forwarded is one request from the gateway on its way through the steps.
type forwarded struct {
	a         *AssertionVerifier
	r         *http.Request
	anonymous bool

	raw        string
	digest     [sha256.Size]byte
	seen       *seenAssertion // not nil when the signature was checked before
	unverified *assertion.Unverified
	keys       jose.KeySet
	verified   assertion.Verified
	caller     assertion.Caller
}

type assertionStep struct {
	name string
	ids  string
	do   func(*forwarded) error
}

// assertionSteps is everything that happens to an assertion, in order.
var assertionSteps = []assertionStep{
	{"exactly one assertion", "RS1", oneAssertion},
	{"it was seen before, or can be read", "C7 RS2", parseAssertion},
	{"the gateway has such a key, and its keys can be had", "RS24 RS25", findGatewayKeys},
	{"it is signed by one of them", "RS2", verifyAssertion},
	{"it is good for this request", "C7 RS4 RS6 RS7", judgeAssertion},
	{"the caller is identified where that is asked", "RS25", identified},
}

// judge tells who calls. A panic on the way denies.
func (a *AssertionVerifier) judge(r *http.Request, anonymous bool) (_ Caller, err error) {
	f := &forwarded{a: a, r: r, anonymous: anonymous}
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	for i := range assertionSteps {
		if err := assertionSteps[i].do(f); err != nil {
			return Caller{}, err
		}
	}
	f.remember()
	return callerOf(f.caller), nil
}

func oneAssertion(f *forwarded) error {
	values := f.r.Header[assertion.Header]
	if len(values) != 1 {
		return oauth.Refuse("RS1", oauth.InvalidToken, "The request did not come through the gateway: it needs exactly one "+assertion.Header+" header.")
	}
	f.raw = values[0]
	return nil
}

func parseAssertion(f *forwarded) (err error) {
	f.digest = sha256.Sum256([]byte(f.raw))
	if f.seen = f.a.seenBefore(f.digest); f.seen != nil {
		f.verified = f.seen.assertion
		return nil
	}
	f.unverified, err = assertion.Parse(f.raw, f.a.cfg.Algorithms)
	return err
}

func findGatewayKeys(f *forwarded) (err error) {
	if f.seen != nil {
		return nil
	}
	f.keys, err = f.a.from.keys.Find(f.r.Context(), f.unverified.Header())
	return err
}

func verifyAssertion(f *forwarded) (err error) {
	if f.seen != nil {
		return nil
	}
	f.verified, err = f.unverified.Verify(f.keys)
	return err
}

func judgeAssertion(f *forwarded) (err error) {
	cfg := &f.a.cfg
	f.caller, err = assertion.Judge(f.verified, assertion.Expect{
		Issuer: cfg.Gateway,
		Call:   assertion.Call{Audience: cfg.Audience, Method: f.r.Method, URI: cfg.Origin.URI(f.r.URL.EscapedPath())},
	}, cfg.Now())
	return err
}

func identified(f *forwarded) error {
	if f.caller.Anonymous() && !f.anonymous {
		return oauth.Refuse("RS25", oauth.InvalidToken, "The request has no identified caller.").
			Because(errors.New("the gateway has this route as public, the API does not"))
	}
	return nil
}

// seenBefore finds an assertion whose key the gateway still publishes.
func (a *AssertionVerifier) seenBefore(digest [32]byte) *seenAssertion {
	s, found := a.seen.Get(digest)
	if !found {
		return nil
	}
	if !s.held.by(a.from, s.assertion.KeyThumbprint()) {
		a.seen.Drop(digest)
		return nil
	}
	return s
}

func (f *forwarded) remember() {
	if f.seen == nil {
		f.a.seen.Put(f.digest, &seenAssertion{assertion: f.verified}, f.verified.Size()+seenOverhead)
	}
}
