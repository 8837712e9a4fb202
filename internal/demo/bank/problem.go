package bank

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// problem is a problem document (RFC 9457) and the error of every handler.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Errors []fault `json:"errors,omitempty"`

	allow string // the Allow header of a 405
}

// fault is what is wrong with one member of a request's body.
type fault struct {
	Pointer string `json:"pointer"` // RFC 6901, as a URI fragment
	Detail  string `json:"detail"`
}

func (p *problem) Error() string { return p.Title }

// refuse makes a problem whose status says all that its type would.
func refuse(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

func writeProblem(w http.ResponseWriter, p *problem) {
	if p.allow != "" {
		w.Header().Set("Allow", p.allow)
	}
	write(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, v any) { write(w, status, "application/json", v) }

// write sends a body whole, with the headers that every answer has.
func write(w http.ResponseWriter, status int, mediaType string, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false) // "Calder & Byrne" is read by people; no page is made of it
	if err := e.Encode(v); err != nil {
		status = http.StatusInternalServerError // none of our types can fail
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

type translatorKey struct{}

// refusingInProblems puts next behind protect, and turns what protect answers
// when it lets a request not through into a problem document of the same
// status. Its headers, such as WWW-Authenticate, stay.
func refusingInProblems(protect func(http.Handler) http.Handler, next http.Handler) http.Handler {
	guarded := protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t, ok := r.Context().Value(translatorKey{}).(*translator); ok {
			t.admitted = true
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &translator{ResponseWriter: w}
		guarded.ServeHTTP(t, r.WithContext(context.WithValue(r.Context(), translatorKey{}, t)))
	})
}

// translator replaces the body of an answer by which the guard itself refuses.
type translator struct {
	http.ResponseWriter
	admitted bool // the guard has let the request through
	started  bool
	replaced bool
}

func (t *translator) WriteHeader(status int) {
	if t.started || status < 200 {
		t.ResponseWriter.WriteHeader(status)
		return
	}
	t.started = true
	if t.admitted || status < 400 {
		t.ResponseWriter.WriteHeader(status)
		return
	}
	t.replaced = true
	t.Header().Del("Content-Length")
	detail := "This API answers only calls that come through its gateway."
	if status >= 500 {
		detail = "The call could not be checked. Try again later."
	}
	writeProblem(t.ResponseWriter, refuse(status, detail))
}

func (t *translator) Write(b []byte) (int, error) {
	if !t.started {
		t.WriteHeader(http.StatusOK)
	}
	if t.replaced {
		return len(b), nil
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the writer beneath.
func (t *translator) Unwrap() http.ResponseWriter { return t.ResponseWriter }
