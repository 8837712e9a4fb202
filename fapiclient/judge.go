package fapiclient

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// maxToken bounds an access token, in bytes: it must fit into a header.
const maxToken = 16 << 10

// maxLifetime is the longest expires_in that is believed.
const maxLifetime = 366 * 24 * time.Hour

// tokenState is what the steps of JudgeToken pass on.
type tokenState struct {
	answer   *Answer
	response struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   *int64 `json:"expires_in"`
		Scope       string `json:"scope"`
	}
	token Token
}

// tokenSteps is the whole judgement of a token endpoint's answer.
var tokenSteps = []step[tokenState]{
	{"no redirect", "CL8", tokenRedirect},
	{"the server's own refusal", "CL16", serverRefusal},
	{"media type is JSON", "CL16", tokenMediaType},
	{"body is one JSON object", "CL16", decodeToken},
	{"access_token fits into a header", "CL16 CL2", tokenValue},
	{"token_type is the binding's", "CL1 CL16", tokenType},
	{"expires_in is a lifetime", "CL16", tokenLifetime},
	{"scope is well-formed", "CL16", tokenScope},
}

// JudgeToken believes a token endpoint's answer (RFC 6749 §5.1), or says why
// not: [*ServerError] for the server's refusal (§5.2), [*StopError] for an
// answer that no honest server gives to this client.
func (c *Client) JudgeToken(answer *Answer) (*Token, error) {
	s := tokenState{answer: answer}
	s.token = Token{kind: c.binding.tokenType(), bound: c.binding.name(), issued: answer.sent}
	if err := run(tokenSteps, &s); err != nil {
		return nil, err
	}
	return &s.token, nil
}

func tokenRedirect(s *tokenState) error {
	if s.answer.Status >= 300 && s.answer.Status < 400 {
		return stop("CL8", "The token endpoint answered with a redirect, which is never followed.")
	}
	return nil
}

// serverRefusal turns every status but 200 into an error that repeats the
// server's code and description, made safe to print.
func serverRefusal(s *tokenState) error {
	if s.answer.Status == http.StatusOK {
		return nil
	}
	refusal := &ServerError{Status: s.answer.Status}
	var body oauth.ErrorResponse
	if isJSON(s.answer.Header) && jose.Decode(s.answer.Body, &body) == nil {
		refusal.Code = oauth.Code(printable(string(body.Error)))
		refusal.Description = printable(body.Description)
	}
	return refusal
}

func tokenMediaType(s *tokenState) error {
	if !isJSON(s.answer.Header) {
		return stop("CL16", "The token endpoint's answer is not sent as application/json.")
	}
	return nil
}

func decodeToken(s *tokenState) error {
	if err := jose.Decode(s.answer.Body, &s.response); err != nil {
		return stop("CL16", "The token endpoint's answer is not well-formed JSON.").because(err)
	}
	return nil
}

func tokenValue(s *tokenState) error {
	v := s.response.AccessToken
	if v == "" || len(v) > maxToken || !isToken68(v) {
		return stop("CL16", "The token endpoint's answer has no access_token that fits into a header.")
	}
	s.token.value = v
	return nil
}

// tokenType is the guard against a downgrade: a server that answers a request
// for a DPoP token with a Bearer token gave an unbound one (RFC 9449 §5). The
// type is compared without regard to case (RFC 6749 §5.1, CL16).
func tokenType(s *tokenState) error {
	if want := s.token.kind; !strings.EqualFold(s.response.TokenType, want) {
		return stop("CL1", "The token is not of the type that this client's binding needs.").
			because(fmt.Errorf("token_type is %q, wanted %s", printable(s.response.TokenType), want))
	}
	return nil
}

func tokenLifetime(s *tokenState) error {
	seconds := s.response.ExpiresIn
	if seconds == nil { // RFC 6749 §5.1 only recommends it (CL16).
		return nil
	}
	if *seconds <= 0 || *seconds > int64(maxLifetime/time.Second) {
		return stop("CL16", "The token's expires_in is not a lifetime.")
	}
	s.token.expires = s.answer.sent.Add(time.Duration(*seconds) * time.Second)
	return nil
}

// tokenScope reads what was granted. A server that says nothing granted what
// was asked (RFC 6749 §5.1).
func tokenScope(s *tokenState) error {
	granted := s.response.Scope
	if granted == "" {
		granted = s.answer.asked
	}
	scope, err := oauth.ParseScopes(granted)
	if err != nil {
		return stop("CL16", "The token's scope is malformed.").because(err)
	}
	s.token.scope = scope
	return nil
}

// isToken68 tells whether s is a b64token (RFC 6750 §2.1), the only thing
// that may follow the scheme in an Authorization header.
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~+/", c) >= 0) {
			return false
		}
	}
	return body != ""
}
