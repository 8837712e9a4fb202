package fapiclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// maxTokenAnswer bounds the token endpoint's answer, in bytes.
const maxTokenAnswer = 64 << 10

// TokenRequest says what an access token is to be good for. The zero value
// asks for what the server gives by default.
type TokenRequest struct {
	Scope    string   // scopes separated by one space (RFC 6749 §3.3)
	Resource []string // absolute URIs of APIs (RFC 8707 §2)
	Audience []string // names of APIs, where the server wants names (RFC 8693 §2.1)
}

// ClientCredentials obtains a token for the client itself (RFC 6749 §4.4):
// [Client.SendClientCredentials], once more when the server asks for a DPoP
// nonce (CL7), then [Client.JudgeToken]. A refusal of the server is a
// [*ServerError], an answer that is not believed a [*StopError].
func (c *Client) ClientCredentials(ctx context.Context, req TokenRequest) (*Token, error) {
	answer, err := c.SendClientCredentials(ctx, req)
	if err != nil {
		return nil, err
	}
	if c.wantsNonce(answer) {
		if answer, err = c.SendClientCredentials(ctx, req); err != nil {
			return nil, err
		}
	}
	return c.JudgeToken(answer)
}

// SendClientCredentials sends one request to the token endpoint, with a new
// assertion and a new proof, and keeps the nonce that the answer may bring.
func (c *Client) SendClientCredentials(ctx context.Context, req TokenRequest) (*Answer, error) {
	if !slices.Contains(c.server.metadata.GrantTypesSupported, oauth.GrantClientCredentials) {
		return nil, stop("CL8", "The authorization server does not offer the client_credentials grant.")
	}
	if _, err := oauth.ParseScopes(req.Scope); err != nil {
		return nil, stop("CL1", "The scope is not a list of scopes separated by one space.").because(err)
	}
	form := url.Values{"grant_type": {oauth.GrantClientCredentials}}
	if req.Scope != "" {
		form.Set("scope", req.Scope)
	}
	for name, values := range map[string][]string{"resource": req.Resource, "audience": req.Audience} {
		if len(values) > 0 {
			form[name] = slices.Clone(values)
		}
	}
	return c.sendTokenRequest(ctx, "ask for an access token", form)
}

// sendTokenRequest authenticates a form, adds the proof, and sends it.
func (c *Client) sendTokenRequest(ctx context.Context, purpose string, form url.Values) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	now := c.now()
	if err := c.authentication.authenticate(form, c.id, c.server.Issuer(), now); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tokenEndpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if c.binding.key != nil {
		if err := c.prove(req, ""); err != nil {
			return nil, err
		}
	}
	answer, err := c.wire.exchange(req, maxTokenAnswer)
	observe(ctx, describeForm(purpose, req, form, answer, err))
	if err != nil {
		return nil, fmt.Errorf("asking the token endpoint: %w", err)
	}
	answer.sent, answer.asked = now, form.Get("scope")
	c.nonces.learn(req.URL, answer.Header)
	return answer, nil
}

// prove puts a new DPoP proof into the request (CL21), with the newest nonce
// that the request's origin gave. Its htu has neither query nor fragment.
func (c *Client) prove(req *http.Request, accessToken string) error {
	proof, err := c.binding.key.Proof(req.Method, req.URL.String(), accessToken, c.nonces.get(req.URL), c.now())
	if err != nil {
		return fmt.Errorf("signing the DPoP proof: %w", err)
	}
	req.Header.Set("DPoP", proof)
	return nil
}

// wantsNonce tells whether the token endpoint refused only for want of a
// nonce, and gave one (RFC 9449 §8).
func (c *Client) wantsNonce(a *Answer) bool {
	if c.binding.key == nil || a.Status != http.StatusBadRequest || newNonce(a.Header) == "" || !isJSON(a.Header) {
		return false
	}
	var refusal oauth.ErrorResponse
	return jose.Decode(a.Body, &refusal) == nil && refusal.Error == oauth.UseDPoPNonce
}
