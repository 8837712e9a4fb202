package fapiclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

// Exchange is one request and its answer told in words, for people who watch.
// Secrets are not in it: of an assertion, a proof and a token only what is
// harmless to know is told.
type Exchange struct {
	Purpose  string // such as "ask for an access token"
	Method   string
	URL      string
	Sent     []Fact
	Status   int // 0 when no answer came
	Received []Fact
	Err      error // why no answer came, or was not read; nil otherwise
}

// Fact is one thing that was sent or received.
type Fact struct{ Name, Value string }

// Observer is told of each exchange after it happened.
type Observer func(Exchange)

type observerKey struct{}

// WithObserver returns a context whose exchanges are told to the observer:
// give it to [Discover], to the methods of [Client], or to the request of a
// [Client.Transport].
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

// observe tells the observer of ctx, if there is one. The exchange is made
// only then.
func observe(ctx context.Context, exchange func() Exchange) {
	if o, _ := ctx.Value(observerKey{}).(Observer); o != nil {
		o(exchange())
	}
}

// receivedFields are the header fields of an answer that are told.
var receivedFields = []string{"Content-Type", "WWW-Authenticate", "DPoP-Nonce", "Location", "Retry-After"}

func describe(purpose string, req *http.Request, answer *Answer, err error) func() Exchange {
	return func() Exchange {
		e := Exchange{Purpose: purpose, Method: req.Method, URL: req.URL.Redacted(), Sent: sentFacts(req), Err: err}
		if answer != nil {
			e.Status, e.Received = answer.Status, receivedFacts(answer.Header)
		}
		return e
	}
}

func describeForm(purpose string, req *http.Request, form url.Values, answer *Answer, err error) func() Exchange {
	return func() Exchange {
		e := describe(purpose, req, answer, err)()
		e.Sent = append(formFacts(form), e.Sent...)
		if answer != nil {
			e.Received = append(e.Received, tokenFacts(answer.Body)...)
		}
		return e
	}
}

// formFacts tells what a form says, in a fixed order; a parameter that is not
// named here is not told.
func formFacts(form url.Values) []Fact {
	var facts []Fact
	for _, name := range []string{"grant_type", "client_id", "scope", "resource", "audience", "client_assertion"} {
		for _, v := range form[name] {
			if name == "client_assertion" {
				j := readJWT(v)
				v = fmt.Sprintf("%s %s, iss=%s aud=%s jti=%s exp=%s", redacted, j.alg, j.Issuer, strings.Join(j.Audience.Values, " "), j.ID, clock(j.Expires))
			}
			facts = append(facts, Fact{name, v})
		}
	}
	return facts
}

// sentFacts tells of the header fields that this package sets, and only of
// the presence of a token.
func sentFacts(req *http.Request) []Fact {
	var facts []Fact
	if proof := req.Header.Get("DPoP"); proof != "" {
		j := readJWT(proof)
		v := fmt.Sprintf("%s %s, jkt=%s jti=%s htm=%s htu=%s iat=%s", redacted, j.alg, j.jkt, j.ID, j.Method, j.URI, clock(j.IssuedAt))
		if j.Nonce != "" {
			v += " nonce=" + j.Nonce
		}
		facts = append(facts, Fact{"DPoP", v})
	}
	if scheme, _, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		facts = append(facts, Fact{"Authorization", scheme + " " + redacted})
	}
	return facts
}

func receivedFacts(h http.Header) []Fact {
	var facts []Fact
	for _, name := range receivedFields {
		for _, v := range h.Values(name) {
			facts = append(facts, Fact{name, printable(v)})
		}
	}
	return facts
}

// tokenFacts tells of a token endpoint's answer what is no secret.
func tokenFacts(body []byte) []Fact {
	var said struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		Scope       string `json:"scope"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if jose.Decode(body, &said) != nil {
		return nil
	}
	var facts []Fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, Fact{name, printable(value)})
		}
	}
	if said.AccessToken != "" {
		add("access_token", redacted)
	}
	add("token_type", said.TokenType)
	if said.ExpiresIn != 0 {
		add("expires_in", fmt.Sprint(time.Duration(said.ExpiresIn)*time.Second))
	}
	add("scope", said.Scope)
	add("error", said.Error)
	add("error_description", said.Description)
	return facts
}

func clock(d *jose.NumericDate) string {
	if d == nil {
		return "none"
	}
	return d.Time().UTC().Format(time.RFC3339)
}
