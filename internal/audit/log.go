package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse.example/internal/clock"
)

// Why a record is not taken, besides the sink's own failure.
var (
	ErrFull   = errors.New("audit log: the queue is full")
	ErrClosed = errors.New("audit log: closed")
)

// Options are the measures of a log. A zero field takes its default.
type Options struct {
	Queue    int           // how many records may wait; 8192
	Interval time.Duration // how long a submitted record waits for company, and a failing sink for the next try; 50 ms, at most 100 ms
	Now      clock.Clock   // stamps the record that the log makes about itself; clock.System
}

func (o Options) withDefaults() Options {
	if o.Queue <= 0 {
		o.Queue = 8192
	}
	if o.Interval <= 0 {
		o.Interval = 50 * time.Millisecond
	}
	o.Interval = min(o.Interval, 100*time.Millisecond)
	if o.Now == nil {
		o.Now = clock.System
	}
	return o
}

// Log writes records to one sink. It is safe for concurrent use.
type Log struct {
	opts Options
	sink sink

	mu      sync.Mutex
	queue   []entry
	spare   []entry // the array of the batch before, to be the next queue
	failure error   // why the newest write failed; nil while the sink works
	unsaid  uint64  // records refused since the sink failed, not yet told in the log
	stats   Stats
	closed  bool

	first   chan struct{} // the queue has its first record
	now     chan struct{} // somebody waits: write at once
	abandon chan struct{} // closed when Close waits no longer
	done    chan struct{} // closed when the writing goroutine has ended
	ending  error         // how it ended; to be read when done is closed
	lines   []byte        // the writing goroutine's buffer
}

// entry is a record that waits; answer is nil when nobody waits for it.
type entry struct {
	record Record
	answer chan<- error
}

// Stats counts since the log was opened, for metrics.
type Stats struct {
	Written  uint64 // records in the log
	Refused  uint64 // records whose caller got an error
	Failures uint64 // writes that the sink failed
}

// Open opens the log's target and proves that it can be written, so that a
// full disk or a missing folder is known at the start. Its error is one line
// that says what to do.
func Open(target Target, opts Options) (*Log, error) {
	s, err := target.open()
	if err != nil {
		return nil, err
	}
	return start(s, opts), nil
}

func start(s sink, opts Options) *Log {
	l := &Log{
		opts:    opts.withDefaults(),
		sink:    s,
		first:   make(chan struct{}, 1),
		now:     make(chan struct{}, 1),
		abandon: make(chan struct{}),
		done:    make(chan struct{}),
	}
	go l.run()
	return l
}

// Submit queues a record and returns. An error means that the record is not
// and will not be in the log: the queue is full, the sink is failing, or the
// log is closed. What Submit took is kept while the sink fails and written
// when it works again.
func (l *Log) Submit(r Record) error {
	l.mu.Lock()
	if l.failure != nil && !l.closed {
		l.stats.Refused++
		l.unsaid++
		err := l.failure
		l.mu.Unlock()
		return err
	}
	return l.enqueue(entry{record: r})
}

// Commit returns nil when the record is on disk; those who wait together
// share one sync. An error means that the record is not in the log, unless
// it is ctx's: then the record may yet be written. Commit tries a failing
// sink anew.
func (l *Log) Commit(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	answer := make(chan error, 1)
	l.mu.Lock()
	if err := l.enqueue(entry{r, answer}); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enqueue is entered with mu held and releases it.
func (l *Log) enqueue(e entry) error {
	if l.closed || len(l.queue) >= l.opts.Queue {
		err := ErrFull
		if l.closed {
			err = ErrClosed
		}
		l.stats.Refused++
		l.mu.Unlock()
		return err
	}
	l.queue = append(l.queue, e)
	waiting := len(l.queue)
	l.mu.Unlock()
	switch {
	case e.answer != nil || waiting == l.opts.Queue/2:
		signal(l.now)
	case waiting == 1:
		signal(l.first)
	}
	return nil
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is pending, which does
	}
}

// Healthy returns why a record submitted now would be refused, or nil.
func (l *Log) Healthy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case l.failure != nil:
		return l.failure
	case len(l.queue) >= l.opts.Queue:
		return ErrFull
	}
	return nil
}

// Stats returns the counts so far.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Close takes no more records, writes those that wait and closes the sink. A
// failing sink is tried until ctx ends; the error then says how many records
// are lost.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.closed = true
	l.mu.Unlock()
	signal(l.now)
	select {
	case <-l.done:
		return l.ending
	case <-ctx.Done():
		close(l.abandon)
	}
	select {
	case <-l.done:
		return l.ending
	case <-time.After(2 * l.opts.Interval): // the sink hangs
		return fmt.Errorf("audit log: records may be lost: %w", ctx.Err())
	}
}
