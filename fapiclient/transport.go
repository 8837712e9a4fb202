package fapiclient

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// renewAhead is how long before its end a token is replaced; a token that
	// lives shorter is replaced in the last fifth of its life.
	renewAhead = 30 * time.Second
	// assumedLife is how long a token is used whose server does not say when
	// it ends: the shortest life that FAPI servers give by custom.
	assumedLife = 5 * time.Minute
	// renewPause keeps a server that fails from being asked by every call
	// while the old token is still good.
	renewPause = 2 * time.Second
)

// Transport returns a round tripper that gets a token for the request, sends
// every request with it as [Client.Do] does, and renews it before it ends.
// However many calls wait, one asks the server. When renewing fails while the
// old token is good, the old one goes on. An answer of 401 invalid_token is
// returned as it is, and the next call gets a new token.
//
// An http.Client that uses it should not follow redirects: the round tripper
// refuses to send the token after one.
func (c *Client) Transport(req TokenRequest) http.RoundTripper {
	return &transport{client: c, request: req}
}

type transport struct {
	client  *Client
	request TokenRequest

	mu      sync.Mutex
	token   *Token        // the newest; nil when there is none
	pending chan struct{} // closed when the fetch under way ends; nil when there is none
	failure error         // of the last fetch, nil after a success
	failed  time.Time     // when it failed
}

// RoundTrip implements [http.RoundTripper]. It does not change the request,
// and closes its body in every case.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := t.get(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.client.Do(req.Context(), req, token)
	if err == nil && refusesToken(resp) {
		t.forget(token)
	}
	return resp, err
}

// get returns a token to use now. It waits for a fetch only when there is no
// such token; one that is soon to end is renewed meanwhile.
func (t *transport) get(ctx context.Context) (*Token, error) {
	for {
		token, pending := t.look(ctx)
		if token != nil {
			return token, nil
		}
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if token, err := t.outcome(); token != nil || err != nil {
			return token, err
		}
	}
}

// look gives the token if it is usable, and otherwise what to wait for. It
// starts a fetch where one is due and none is under way.
func (t *transport) look(ctx context.Context) (*Token, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.client.now()
	usable := t.token != nil && now.Before(end(t.token))
	settled := usable && (now.Before(renewal(t.token)) || now.Before(t.failed.Add(renewPause)))
	if !settled && t.pending == nil {
		t.pending = make(chan struct{})
		// The fetch serves everyone who waits, so it does not end with the
		// one who happened to come first.
		go t.fetch(context.WithoutCancel(ctx))
	}
	if usable {
		return t.token, nil
	}
	return nil, t.pending
}

// outcome is what a fetch that just ended means to one who waited for it.
// Both results are nil when somebody has already dropped the new token, and
// one must look again.
func (t *transport) outcome() (*Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure != nil {
		return nil, t.failure
	}
	return t.token, nil
}

func (t *transport) fetch(ctx context.Context) {
	token, err := t.client.ClientCredentials(ctx, t.request)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.failure, t.failed = err, t.client.now()
	} else {
		t.token, t.failure, t.failed = token, nil, time.Time{}
	}
	close(t.pending)
	t.pending = nil
}

// forget drops a token that an API does not take any more.
func (t *transport) forget(token *Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = nil
	}
}

// end is when a token must not be used any more.
func end(token *Token) time.Time {
	if at, ok := token.Expires(); ok {
		return at
	}
	return token.issued.Add(assumedLife)
}

// renewal is when a token should be replaced.
func renewal(token *Token) time.Time {
	return end(token).Add(-min(renewAhead, end(token).Sub(token.issued)/5))
}

// refusesToken tells whether an API said that the token itself is no good.
func refusesToken(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized {
		return false
	}
	for _, c := range ReadChallenges(resp.Header) {
		if (c.Is("DPoP") || c.Is("Bearer")) && c.Parameters["error"] == "invalid_token" {
			return true
		}
	}
	return false
}
