package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
)

const (
	queueLength = 1024 // writes that may wait before callers wait to queue
	batchLength = 256  // writes in one commit at most
)

var errClosed = errors.New("the store is closed")

// statement is the text of one SQL statement: a constant beside the method
// that runs it. A test prepares every one of them.
type statement string

const (
	begin      statement = `BEGIN IMMEDIATE`
	commit     statement = `COMMIT`
	savepoint  statement = `SAVEPOINT event`
	release    statement = `RELEASE event`
	rollbackTo statement = `ROLLBACK TO event`
)

// event is one write: it sees the rows as the events before it left them, and
// leaves nothing behind when it returns an error or panics. It must not keep
// the transaction.
type event func(*transaction) error

type job struct {
	ctx   context.Context
	event event
	err   error      // what the event came to
	done  chan error // takes the answer without waiting
}

// writer is the one goroutine that writes to a file.
type writer struct {
	name    string
	db      *sql.DB
	queue   chan *job
	stopped chan struct{}

	mu     sync.RWMutex // held for reading while a job is queued
	closed bool

	// Used by the goroutine alone.
	conn     *sql.Conn // nil until the first batch, and after a failed one
	prepared map[statement]*sql.Stmt
}

func startWriter(db *sql.DB, name string) *writer {
	w := &writer{name: name, db: db, queue: make(chan *job, queueLength), stopped: make(chan struct{})}
	go w.run()
	return w
}

// do runs the event in the next transaction and returns after the commit. An
// error means that nothing was written, unless it is ctx's own: then the event
// may be written all the same.
func (w *writer) do(ctx context.Context, e event) error {
	j := &job{ctx: ctx, event: e, done: make(chan error, 1)}
	if err := w.enqueue(j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) enqueue(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- j:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
}

// close lets no more jobs in, waits until those inside are answered, and
// closes the file.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.stopped
	return w.db.Close()
}

func (w *writer) run() {
	defer close(w.stopped)
	defer w.drop()
	batch := make([]*job, 0, batchLength)
	for first := range w.queue {
		batch = w.fill(append(batch[:0], first))
		err := w.transact(batch)
		for _, j := range batch {
			if err != nil {
				j.err = err
			}
			j.done <- j.err
		}
		clear(batch)
	}
}

// fill adds the jobs that wait. It never waits for more: while a commit syncs
// the next batch gathers by itself.
func (w *writer) fill(batch []*job) []*job {
	for len(batch) < batchLength {
		select {
		case j, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// transact runs the batch and commits. An error is everybody's: nothing of
// the batch is in the file.
func (w *writer) transact(batch []*job) (err error) {
	defer func() {
		if err != nil {
			w.drop()
		}
	}()
	if err := w.exec(begin); err != nil {
		return err
	}
	for _, j := range batch {
		if j.err = j.ctx.Err(); j.err != nil {
			continue // nobody waits for it any more
		}
		if err := w.runOne(j); err != nil {
			return err
		}
	}
	return w.exec(commit)
}

// runOne runs a job under a savepoint and puts what it came to into the job.
// Its own error is that of the whole transaction: a full disk, for one, makes
// SQLite roll back everything, and then the savepoint is gone too.
func (w *writer) runOne(j *job) error {
	if err := w.exec(savepoint); err != nil {
		return err
	}
	if j.err = call(j.event, &transaction{w}); j.err != nil {
		if w.exec(rollbackTo) != nil {
			return j.err
		}
	}
	return w.exec(release)
}

// call turns a panic of the event into its error.
func call(e event, tx *transaction) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a write to the store panicked: %v", p)
		}
	}()
	return e(tx)
}

// drop throws the connection away, and with it whatever state the transaction
// was in. The next batch makes a new one.
func (w *writer) drop() {
	if w.conn == nil {
		return
	}
	for _, s := range w.prepared {
		_ = s.Close()
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
	w.conn, w.prepared = nil, nil
}

func (w *writer) exec(s statement) error {
	_, err := (&transaction{w}).exec(s)
	return err
}
