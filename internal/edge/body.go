package edge

import (
	"io"
	"net/http"
	"sync"
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

	reading sync.Mutex // held for the whole of a Read
	whole   bool       // it was read to its end

	mu      sync.Mutex // held to move the deadline
	renewed time.Time
	over    bool // the handler has returned
}

// past is a deadline that ends a Read at once.
var past = time.Unix(1, 0)

// boundBody puts the limit on a request that has a body. The function is to be
// called when the handler has returned.
func (p *port) boundBody(w http.ResponseWriter, r *http.Request) (bounded *http.Request, finish func()) {
	if r.ContentLength == 0 || r.Body == nil {
		return r, func() {}
	}
	b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w), patience: p.patience, http1: r.ProtoMajor == 1}
	if b.http1 {
		b.renew()
	}
	out := r.WithContext(r.Context()) // net/http looks at its own request again
	out.Body = b
	return out, b.finish
}

// Read waits for the client at most for the patience.
func (b *body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if !b.renew() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	b.whole = err == io.EOF
	// The answer may take longer, and meanwhile net/http listens whether the
	// client is still there. Over HTTP/2 a deadline would end the body also
	// while it is the handler that lets it wait.
	if b.whole || !b.http1 {
		b.lift()
	}
	return n, err
}

// renew moves the deadline, over HTTP/1.1 not for every few bytes. It is false
// when the handler has returned: the connection is not ours then.
func (b *body) renew() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now() // of the socket, not of the configured clock
	if b.over || b.http1 && now.Sub(b.renewed) < b.patience/8 {
		return !b.over
	}
	b.renewed = now
	_ = b.conn.SetReadDeadline(now.Add(b.patience)) // every connection of ours has deadlines
	return true
}

func (b *body) lift() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
}

// finish takes the body from the handler, which has returned. Over HTTP/1.1 it
// ends a Read that was left behind, as a proxy's transport does when the answer
// is there before the body: net/http would end it too, but lift the deadline
// by that, and then read the rest of the body.
func (b *body) finish() {
	if !b.http1 {
		b.shut(nil)
		return
	}
	if !b.reading.TryLock() {
		b.shut(&past)
		b.reading.Lock()
	}
	defer b.reading.Unlock()
	if b.whole {
		b.shut(nil)
		return
	}
	moment := time.Now().Add(b.patience / 12) // for a small rest, so that the connection can go on
	b.shut(&moment)
}

// shut lets no Read begin any more, and moves the deadline where one is given.
func (b *body) shut(deadline *time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if deadline != nil {
		_ = b.conn.SetReadDeadline(*deadline)
	}
}
