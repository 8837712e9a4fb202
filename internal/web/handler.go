package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"gatehouse.example/oauth"
)

// Handler answers a request, or says by its error why it did not. A handler
// that returns an error has written nothing.
type Handler func(http.ResponseWriter, *http.Request) error

// Renderer writes a refusal as the answer to a request.
type Renderer func(http.ResponseWriter, *http.Request, *oauth.Refusal)

// API makes a handler of an API's endpoint. Every answer starts with
// Cache-Control: no-store and X-Content-Type-Options: nosniff, which the
// handler may replace before it writes. An error is rendered as the refusal
// in its chain, anything else and a panic as a server_error of rule RS25.
func API(h Handler, render Renderer) http.Handler {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		err := h(w, r)
		if err == nil {
			return
		}
		if w.(*response).started {
			// The status line says success and is out: only a broken
			// connection can still say otherwise.
			panic(http.ErrAbortHandler)
		}
		render(w, r, oauth.AsRefusal(err))
	})
	return Recover(next, func(w http.ResponseWriter, r *http.Request, cause any) {
		render(w, r, oauth.AsRefusal(panicked(cause)))
	})
}

// Recover keeps the server up when next panics and lets deny answer instead
// (RS25: a panic denies). Two panics go on to net/http, which then breaks the
// connection: http.ErrAbortHandler, which asks for just that, and any panic
// after the first byte of the answer, or else a cut-off answer would arrive
// as a complete one.
func Recover(next http.Handler, deny func(w http.ResponseWriter, r *http.Request, cause any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tracked := &response{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler || tracked.started {
				panic(cause)
			}
			drop(w.Header(), headersOfABody)
			deny(tracked, r, cause)
		}()
		next.ServeHTTP(tracked, r)
	})
}

// headersOfABody describe a body that will not come now.
var headersOfABody = []string{"Content-Length", "Content-Encoding", "Content-Type", "Etag", "Last-Modified", "Trailer"}

func drop(h http.Header, names []string) {
	for _, name := range names {
		h.Del(name)
	}
}

// Panic is the cause of a refusal that a panic brought about: for the log.
type Panic struct {
	Value any
	Stack []byte
}

// Error gives the panic's value; the stack is had from the field.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Unwrap returns the value when it is an error, unless it is a refusal: what
// was thrown and not returned is no deliberate denial.
func (p *Panic) Unwrap() error {
	err, ok := p.Value.(error)
	if !ok {
		return nil
	}
	if refusal := (*oauth.Refusal)(nil); errors.As(err, &refusal) {
		return nil
	}
	return err
}

func panicked(cause any) error { return &Panic{Value: cause, Stack: debug.Stack()} }
