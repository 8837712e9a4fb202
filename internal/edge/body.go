package edge

import (
	"io"
	"net/http"
	"time"
)

// body is a request's body whose next part must come within the patience of
// its port. Over HTTP/1.1 the limit holds when the handler does not read the
// body, too: net/http then reads it itself, before or after the answer, and
// would wait for ever.
type body struct {
	io.ReadCloser
	conn     *http.ResponseController
	patience time.Duration
	http1    bool
	renewed  time.Time
}

// boundBody puts the limit on a request that has a body.
func (p *port) boundBody(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.ContentLength == 0 || r.Body == nil {
		return r
	}
	b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w), patience: p.patience, http1: r.ProtoMajor == 1}
	if b.http1 {
		b.renew()
	}
	out := r.WithContext(r.Context()) // net/http looks at its own request again
	out.Body = b
	return out
}

// Read waits for the client at most for the patience.
func (b *body) Read(p []byte) (int, error) {
	b.renew()
	n, err := b.ReadCloser.Read(p)
	// The answer may take longer, and meanwhile net/http listens whether the
	// client is still there. Over HTTP/2 a deadline would end the body also
	// while it is the handler that lets it wait.
	if err == io.EOF || !b.http1 {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// renew moves the deadline, over HTTP/1.1 not for every few bytes.
func (b *body) renew() {
	now := time.Now() // of the socket, not of the configured clock
	if b.http1 && now.Sub(b.renewed) < b.patience/8 {
		return
	}
	b.renewed = now
	_ = b.conn.SetReadDeadline(now.Add(b.patience)) // every connection of ours has deadlines
}
