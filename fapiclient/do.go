package fapiclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxDrained bounds, in bytes, what is read of an answer only to keep its
// connection.
const maxDrained = 64 << 10

// Do calls an API with a token, bound as the token demands. When the API asks
// for a DPoP nonce and gives one, the request is sent once more, provided that
// its body can be had again through GetBody (CL7); otherwise the demand is
// returned as the answer that it is. An answer of any status is returned
// without error and without following redirects; the caller closes its body.
func (c *Client) Do(ctx context.Context, req *http.Request, token *Token) (*http.Response, error) {
	if err := c.mayCarry(req, token); err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := c.send(ctx, req, token)
	if err != nil || c.binding.key == nil || !demandsNonce(resp) {
		return resp, err
	}
	again, ok := repeat(ctx, req)
	if !ok {
		return resp, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxDrained)
	_ = resp.Body.Close()
	return c.send(ctx, again, token)
}

// mayCarry refuses a request that a token must not travel with.
func (c *Client) mayCarry(req *http.Request, token *Token) error {
	switch {
	case token == nil || token.value == "":
		return stop("CL2", "There is no token to send.")
	case token.bound != c.binding.name():
		return stop("CL1", "The token is bound to another key or certificate than this client's.")
	case req.URL == nil:
		return stop("N1", "The request has no URL.")
	case len(req.Header.Values("Authorization")) > 0 || len(req.Header.Values("DPoP")) > 0:
		return stop("CL2", "The request already carries an Authorization or DPoP header.")
	case tokenInQuery(req.URL.RawQuery):
		return stop("CL2", "The request carries an access_token in its query; a token travels only in the header.")
	case req.Host != "" && !strings.EqualFold(req.Host, req.URL.Host):
		return stop("CL21", "The request's Host is not the host of its URL, so no proof can name it.")
	case req.Response != nil:
		// net/http sets it when it follows a redirect.
		return stop("CL8", "A redirect is not followed with a token.")
	}
	if err := checkTarget(req.URL); err != nil {
		return stop("N1", "The API's address is not one that a token may be sent to.").because(err)
	}
	return nil
}

// tokenInQuery finds the parameter of RFC 6750 §2.3, by any spelling of its
// name that a server may unescape.
func tokenInQuery(query string) bool {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && strings.EqualFold(plain, "access_token") {
			return true
		}
	}
	return false
}

// send puts one request on the wire with the token and, under DPoP, a new
// proof, and keeps the nonce that the answer may bring.
func (c *Client) send(ctx context.Context, req *http.Request, token *Token) (*http.Response, error) {
	out := req.Clone(ctx)
	out.RequestURI = ""
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if out.Method == "" {
		out.Method = http.MethodGet
	}
	out.Header.Set("Authorization", token.kind+" "+token.value)
	if c.binding.key != nil {
		if err := c.prove(out, token.value); err != nil {
			closeBody(out)
			return nil, err
		}
	}
	resp, err := c.wire.http.Do(out)
	var seen *Answer
	if err == nil {
		seen = &Answer{Status: resp.StatusCode, Header: resp.Header}
		c.nonces.learn(out.URL, resp.Header)
	}
	observe(ctx, describe("call the API", out, seen, err))
	if err != nil {
		return nil, fmt.Errorf("calling the API: %w", err)
	}
	return resp, nil
}

// repeat makes the request anew, if its body can be had again.
func repeat(ctx context.Context, req *http.Request) (*http.Request, bool) {
	again := req.Clone(ctx)
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again.Body = body
	return again, true
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
