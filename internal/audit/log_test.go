package audit

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a sink that can be told to fail or to hang.
type memory struct {
	mu     sync.Mutex
	text   []byte
	end    link
	fail   error
	hang   chan struct{} // nil: do not hang
	writes int
	syncs  int
	closed bool
}

func (m *memory) write(lines func(link, string) ([]byte, link), durable bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hang != nil {
		<-m.hang
	}
	m.writes++
	text, end := lines(m.end, "")
	if m.fail != nil {
		return m.fail
	}
	if durable {
		m.syncs++
	}
	m.text, m.end = append(m.text, text...), end
	return nil
}

func (m *memory) close() error { m.closed = true; return nil }

func (m *memory) set(fail error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.text)
}

// inBubble runs a test in fake time with a log over a memory sink.
func inBubble(t *testing.T, opts Options, test func(t *testing.T, l *Log, m *memory)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := start(m, opts)
		test(t, l, m)
		m.set(nil)
		if err := l.Close(t.Context()); err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("Close: %v", err)
		}
		if err := Verify(strings.NewReader(m.log())); err != nil {
			t.Errorf("the log does not verify: %v\n%s", err, m.log())
		}
	})
}

var errDisk = errors.New("no space left on device")

func one(id string) Record { return Record{Time: moment, Event: "api", TokenID: id} }

func TestSubmit_WrittenWithin100ms(t *testing.T) {
	inBubble(t, Options{Interval: time.Hour}, func(t *testing.T, l *Log, m *memory) {
		for _, id := range []string{"a", "b", "c"} {
			if err := l.Submit(one(id)); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(100 * time.Millisecond) // fake time
		synctest.Wait()
		if got := strings.Count(m.log(), "\n"); got != 3 || m.writes != 1 || m.syncs != 0 {
			t.Errorf("%d lines in %d writes with %d syncs, want 3 in 1 with 0", got, m.writes, m.syncs)
		}
	})
}

func TestCommit_IsDurableAndSharesOneSync(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, l *Log, m *memory) {
		m.hang = make(chan struct{})
		var all sync.WaitGroup
		commit := func(id string) {
			all.Go(func() {
				if err := l.Commit(t.Context(), one(id)); err != nil {
					t.Error(err)
				}
			})
		}
		commit("first")
		synctest.Wait() // the first is being written
		for range 50 {
			commit("later")
		}
		synctest.Wait() // the others wait for it
		close(m.hang)
		all.Wait()
		if got := strings.Count(m.log(), "\n"); got != 51 || m.syncs != 2 {
			t.Errorf("%d lines with %d syncs, want 51 with 2", got, m.syncs)
		}
	})
}

func TestCommit_GivesUpWithItsContext(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, l *Log, m *memory) {
		m.hang = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Commit(ctx, one("a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's end", err)
		}
		if err := l.Commit(ctx, one("b")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's end", err)
		}
		close(m.hang)
	})
}

func TestLog_SinkFailsAndRecovers(t *testing.T) {
	inBubble(t, Options{Now: func() time.Time { return moment }}, func(t *testing.T, l *Log, m *memory) {
		m.set(errDisk)
		if err := l.Submit(one("kept")); err != nil {
			t.Fatalf("the failure is not known yet: %v", err)
		}
		if err := l.Commit(t.Context(), one("refused 1")); !errors.Is(err, errDisk) {
			t.Fatalf("Commit: %v, want the sink's error", err)
		}
		if err := l.Submit(one("refused 2")); !errors.Is(err, errDisk) {
			t.Errorf("Submit: %v, want the sink's error", err)
		}
		if err := l.Healthy(); !errors.Is(err, errDisk) {
			t.Errorf("Healthy: %v, want the sink's error", err)
		}
		<-time.After(time.Minute) // it retries, in vain
		synctest.Wait()
		if m.log() != "" {
			t.Errorf("something was written: %s", m.log())
		}

		m.set(nil)
		<-time.After(100 * time.Millisecond)
		synctest.Wait()
		if err := l.Healthy(); err != nil {
			t.Errorf("Healthy after recovery: %v", err)
		}
		if err := l.Commit(t.Context(), one("after")); err != nil {
			t.Errorf("Commit after recovery: %v", err)
		}
		got := m.log()
		for _, want := range []string{`"token_id":"kept"`, "meanwhile 2 records were refused.", `"token_id":"after"`} {
			before, rest, ok := strings.Cut(got, want)
			if !ok {
				t.Errorf("%q is missing or out of order; before it: %s", want, before)
			}
			got = rest
		}
		if strings.Contains(m.log(), "token_id\":\"refused") {
			t.Errorf("a refused record is in the log:\n%s", m.log())
		}
		if s := l.Stats(); s.Written != 3 || s.Refused != 2 || s.Failures == 0 {
			t.Errorf("stats are %+v", s)
		}
	})
}

func TestCommit_TriesAFailingSinkAnew(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, l *Log, m *memory) {
		m.set(errDisk)
		if err := l.Commit(t.Context(), one("a")); !errors.Is(err, errDisk) {
			t.Fatalf("got %v, want the sink's error", err)
		}
		m.set(nil)
		if err := l.Commit(t.Context(), one("b")); err != nil {
			t.Errorf("the sink works again and Commit says %v", err)
		}
	})
}

func TestLog_QueueFull(t *testing.T) {
	inBubble(t, Options{Queue: 4}, func(t *testing.T, l *Log, m *memory) {
		m.hang = make(chan struct{})
		go l.Commit(t.Context(), one("being written"))
		synctest.Wait()
		for range 4 {
			if err := l.Submit(one("queued")); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Submit(one("too many")); err != ErrFull {
			t.Errorf("Submit: %v, want ErrFull", err)
		}
		if err := l.Commit(t.Context(), one("too many")); err != ErrFull {
			t.Errorf("Commit: %v, want ErrFull", err)
		}
		if err := l.Healthy(); err != ErrFull {
			t.Errorf("Healthy: %v, want ErrFull", err)
		}
		close(m.hang)
		synctest.Wait()
		if err := l.Submit(one("room again")); err != nil {
			t.Errorf("Submit after the jam: %v", err)
		}
	})
}

func TestClose_WritesWhatWaitsAndTakesNoMore(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, l *Log, m *memory) {
		if err := l.Submit(one("last")); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.log(), "last") || !m.closed {
			t.Errorf("written: %q, sink closed: %t", m.log(), m.closed)
		}
		for name, err := range map[string]error{
			"Submit":  l.Submit(one("x")),
			"Commit":  l.Commit(t.Context(), one("x")),
			"Healthy": l.Healthy(),
			"Close":   l.Close(t.Context()),
		} {
			if err != ErrClosed {
				t.Errorf("%s after Close: %v, want ErrClosed", name, err)
			}
		}
	})
}

func TestClose_TellsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{fail: errDisk}
		l := start(m, Options{})
		for range 3 {
			if err := l.Submit(one("x")); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Close(ctx)
		if !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), "3 records are lost: ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestClose_DoesNotWaitForAHangingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{hang: make(chan struct{})}
		l := start(m, Options{})
		_ = l.Submit(one("x"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's end", err)
		}
		close(m.hang)
	})
}

func TestStdout_ChainsAndEndsATornLine(t *testing.T) {
	out := &shortWriter{room: 1 << 20}
	l := start(&stream{w: out}, Options{})
	if err := l.Commit(t.Context(), one("a")); err != nil {
		t.Fatal(err)
	}
	if err := Verify(bytes.NewReader(out.text)); err != nil {
		t.Errorf("before the failure: %v", err)
	}
	out.room = 10
	if err := l.Commit(t.Context(), one("b")); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want the writer's error", err)
	}
	out.room = 1 << 20
	if err := l.Commit(t.Context(), one("c")); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out.text), "\n")
	if len(lines) < 3 || lines[1] != `{"seq":2,"` || !strings.HasPrefix(lines[2], `{"seq":2,"prev":`) {
		t.Errorf("the torn line is not closed:\n%s", out.text)
	}
}

type shortWriter struct {
	text []byte
	room int
}

func (w *shortWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.text = append(w.text, p[:n]...)
	w.room -= n
	if n < len(p) {
		return n, errDisk
	}
	return n, nil
}

func TestOpen_NeedsATarget(t *testing.T) {
	if l, err := Open(Target{}, Options{}); err == nil {
		t.Errorf("opened %v", l)
	}
}
