package edge

import (
	"io"
	"net/http"
	"os"
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
	end     time.Time // limit on the whole body, zero for none; see Until
	over    bool      // the handler has returned
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
		_ = b.renew() // nothing refuses it yet
	}
	out := r.WithContext(r.Context()) // net/http looks at its own request again
	out.Body = b
	return out, b.finish
}

// Until limits the body as a whole, for a handler that expects a small one:
// a client that sends drop by drop never runs into the patience.
func (b *body) Until(end time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end = end
	if b.http1 && !b.over {
		_ = b.conn.SetReadDeadline(b.deadline(b.renewed))
	}
}

// deadline is that of what begins at a moment. The caller holds mu.
func (b *body) deadline(from time.Time) time.Time {
	next := from.Add(b.patience)
	if !b.end.IsZero() && b.end.Before(next) {
		return b.end
	}
	return next
}

// Read waits for the client at most for the patience, and never beyond the end.
func (b *body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if err := b.renew(); err != nil {
		return 0, err
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

// renew moves the deadline, over HTTP/1.1 not for every few bytes. It refuses
// when the handler has returned, for the connection is not ours then, and when
// the body's end has come.
func (b *body) renew() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now() // of the socket, not of the configured clock
	switch {
	case b.over:
		return http.ErrBodyReadAfterClose
	case !b.end.IsZero() && !now.Before(b.end):
		return os.ErrDeadlineExceeded
	case b.http1 && now.Sub(b.renewed) < b.patience/8:
		return nil
	}
	b.renewed = now
	_ = b.conn.SetReadDeadline(b.deadline(now)) // every connection of ours has deadlines
	return nil
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
