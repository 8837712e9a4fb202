package audit

import (
	"errors"
	"fmt"
	"time"
)

// run is the one goroutine that numbers, chains and writes.
func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case <-l.first:
			l.gather()
		case <-l.now:
		case <-l.retry():
		}
		l.flush()
		if l.finished() {
			l.ending = l.end()
			return
		}
	}
}

// end closes the sink and tells what is lost, if anything is.
func (l *Log) end() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.sink.close()
	if lost := len(l.queue); lost > 0 {
		return errors.Join(fmt.Errorf("%d records are lost: %w", lost, l.failure), err)
	}
	return err
}

// gather lets the first record wait for others, but not long.
func (l *Log) gather() {
	select {
	case <-time.After(l.opts.Interval):
	case <-l.now:
	}
}

// retry gives a channel that fires only while the sink is failing.
func (l *Log) retry() <-chan time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure == nil {
		return nil
	}
	return time.After(l.opts.Interval)
}

func (l *Log) finished() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		return false
	}
	select {
	case <-l.abandon:
		return true
	default:
		return len(l.queue) == 0
	}
}

// flush writes all that waits as one piece, and after a failure also a record
// of the failure itself, which proves that the sink works again.
func (l *Log) flush() {
	l.mu.Lock()
	batch := l.queue
	l.queue, l.spare = l.spare[:0], nil
	failed, unsaid := l.failure != nil, l.unsaid
	l.mu.Unlock()

	if len(batch) == 0 && !failed {
		l.settle(batch, nil, 0)
		return
	}
	durable := failed
	for i := range batch {
		durable = durable || batch[i].answer != nil
	}
	err := l.sink.write(func(end link, note string) ([]byte, link) {
		l.lines = l.lines[:0]
		for i := range batch {
			l.lines, end = end.next(l.lines, &batch[i].record, note)
			note = ""
		}
		if failed {
			l.lines, end = end.next(l.lines, l.recovered(unsaid), note)
		}
		return l.lines, end
	}, durable)
	l.settle(batch, err, unsaid)
}

// recovered is what the log says about itself after a failure.
func (l *Log) recovered(unsaid uint64) *Record {
	return &Record{
		Time:   l.opts.Now(),
		Event:  "audit",
		Reason: fmt.Sprintf("The log can be written again; meanwhile %d records were refused.", unsaid),
	}
}

// settle answers those who wait. When the write failed, records for which
// nobody waits stay first in the queue, for their callers were told that they
// would be written; the others' callers are told now that they are not.
func (l *Log) settle(batch []entry, err error, told uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		if l.failure != nil {
			l.stats.Written++ // the record of the failure
		}
		l.failure = nil
		l.unsaid -= told
		l.stats.Written += uint64(len(batch))
	} else {
		l.failure = fmt.Errorf("audit log cannot be written: %w", err)
		l.stats.Failures++
		l.keep(batch)
	}
	for i := range batch {
		if batch[i].answer != nil {
			batch[i].answer <- l.failure
		}
	}
	clear(batch)
	l.spare = batch[:0]
}

func (l *Log) keep(batch []entry) {
	var kept []entry
	for _, e := range batch {
		if e.answer == nil {
			kept = append(kept, e)
			continue
		}
		l.stats.Refused++
		l.unsaid++
	}
	l.queue = append(kept, l.queue...)
}
