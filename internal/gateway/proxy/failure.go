package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"

	"gatehouse.example/oauth"
)

// Failure is why there is no answer of the upstream's. Reason is one of a few
// words, fit for a metric's label.
type Failure struct {
	Reason  string
	Refusal *oauth.Refusal
}

// fail runs when the upstream gave no answer and nothing is sent yet.
func (x *exchange) fail(w http.ResponseWriter, r *http.Request, err error) {
	tooLarge := (*http.MaxBytesError)(nil)
	timeout := net.Error(nil)
	switch {
	case errors.As(err, &tooLarge):
		x.refuse(w, "too_large", TooLarge().Because(err))
	case x.body != nil && x.body.brokeBy(err):
		x.refuse(w, "client_body", oauth.Refuse("RS25", oauth.InvalidRequest, "The request body is malformed or did not arrive whole.").Because(err))
	case errors.Is(context.Cause(r.Context()), errStalled), errors.As(err, &timeout) && timeout.Timeout():
		x.refuse(w, "timeout", unavailable(http.StatusGatewayTimeout, "The service behind the gateway did not answer in time.", err))
	case r.Context().Err() != nil:
		// The client is gone. Whoever still listens must not take what
		// net/http would send for an answer.
		x.pass.Failed(nil, Failure{Reason: "client_gone"})
		panic(http.ErrAbortHandler)
	default:
		x.refuse(w, "unreachable", unavailable(http.StatusBadGateway, "The service behind the gateway cannot be reached.", err))
	}
}

func (x *exchange) refuse(w http.ResponseWriter, reason string, r *oauth.Refusal) {
	x.own(w.Header())
	x.pass.Failed(w, Failure{reason, r})
}

func unavailable(status int, sentence string, cause error) *oauth.Refusal {
	return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, sentence).WithStatus(status).Because(cause)
}

// TooLarge refuses a body that is larger than the upstream's limit.
func TooLarge() *oauth.Refusal {
	return oauth.Refuse("RS25", oauth.InvalidRequest, "The request body is too large.").WithStatus(http.StatusRequestEntityTooLarge)
}

// quiet takes what ReverseProxy would print: broken bodies are the clients'
// and upstreams' everyday business, and end the connection.
var quiet = log.New(io.Discard, "", 0)
