package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// errStalled is the cause of a call that the upstream let wait in the middle
// of a body.
var errStalled = errors.New("the upstream does not take the body")

// upload is a request's body on its way. It is bounded in size, and in the
// time for which the upstream may leave it lying: the transport's own limit
// begins only when the whole body is sent. The client's own slowness is the
// listener's business and stops this clock.
type upload struct {
	io.ReadCloser
	timeout time.Duration
	http1   bool // the client's connection has one request at a time

	mu      sync.Mutex
	stalled *time.Timer
	stopped bool
	whole   bool  // it was read to its end
	broken  error // why it will not be
}

// limitBody puts the limits on a request's body.
func (x *exchange) limitBody(r *http.Request) *http.Request {
	// Otherwise net/http, over HTTP/1.1, would read the whole body before the
	// first byte of an answer goes out. What does not know of this needs no leave.
	_ = http.NewResponseController(x.w).EnableFullDuplex()
	ctx, cancel := context.WithCancelCause(r.Context())
	x.body = &upload{
		ReadCloser: http.MaxBytesReader(x.w, r.Body, x.u.cfg.MaxBody),
		timeout:    x.u.cfg.Timeout,
		http1:      r.ProtoMajor == 1,
		stalled:    time.AfterFunc(x.u.cfg.Timeout, func() { cancel(errStalled) }),
	}
	x.body.stalled.Stop() // nothing waits yet; connecting has a limit of its own
	r = r.WithContext(ctx)
	r.Body = x.body
	return r
}

func (b *upload) Read(p []byte) (int, error) {
	b.arm(false)
	n, err := b.ReadCloser.Read(p)
	b.note(err)
	b.arm(true)
	return n, err
}

// note remembers how the body ended, when it has.
func (b *upload) note(err error) {
	if err == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.whole = err == io.EOF; !b.whole {
		b.broken = err
	}
}

// brokeBy tells whether err comes from a body that the client did not send
// whole or well-formed.
func (b *upload) brokeBy(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken != nil && errors.Is(err, b.broken)
}

// unread tells whether there may be more of the body on the connection that
// would pass for the next request: with full duplex, net/http does not look
// whether what is left of a body is well-formed.
func (b *upload) unread() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.http1 && !b.whole
}

// arm runs the clock while the upstream has something to take.
func (b *upload) arm(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if on && !b.stopped {
		b.stalled.Reset(b.timeout)
	} else {
		b.stalled.Stop()
	}
}

// answered stops the clock for good: the upstream has begun to answer.
func (b *upload) answered() { b.end() }

func (b *upload) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.stalled.Stop()
}

// buffers are for copying answers.
var buffers = new(bufferPool)

const bufferBytes = 32 << 10

type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.pool.Get().(*[bufferBytes]byte); ok {
		return b[:]
	}
	return make([]byte, bufferBytes)
}

func (p *bufferPool) Put(b []byte) {
	if cap(b) >= bufferBytes {
		p.pool.Put((*[bufferBytes]byte)(b[:bufferBytes]))
	}
}
