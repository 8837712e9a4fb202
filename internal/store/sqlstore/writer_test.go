package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse.example/internal/secret"
)

var noon = time.Date(2001, 2, 3, 12, 0, 0, 0, time.UTC)

const testIssuer = "https://as.example"

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// spendIn is an event that spends the named key and then ends as after says.
func spendIn(name string, after func() error) event {
	return func(tx *transaction) error {
		key := secret.DigestOf(name)
		if err := tx.mustChange(spend, testIssuer, key[:], moment(noon.Add(time.Hour)), moment(noon)); err != nil {
			return err
		}
		return after()
	}
}

func fine() error { return nil }

// isSpent reads by the read-only pool, which sees only what is committed.
func isSpent(t *testing.T, s *Store, name string) bool {
	t.Helper()
	key := secret.DigestOf(name)
	var one int
	err := s.short.readers.QueryRow(`SELECT 1 FROM spent WHERE issuer = $1 AND digest = $2`, testIssuer, key[:]).Scan(&one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return one == 1
}

// batch is a number of events that wait together while the writer is held up.
type batch struct {
	t    *testing.T
	d    *database
	let  chan struct{}
	held sync.WaitGroup
	errs map[string]chan error
}

// hold keeps the writer busy until the batch is run.
func hold(t *testing.T, d *database) *batch {
	t.Helper()
	b := &batch{t: t, d: d, let: make(chan struct{}), errs: map[string]chan error{}}
	busy := make(chan struct{})
	b.held.Go(func() {
		if err := d.write(t.Context(), func(*transaction) error { close(busy); <-b.let; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-busy
	return b
}

// add queues the event behind those added before.
func (b *batch) add(ctx context.Context, name string, e event) {
	b.t.Helper()
	j := &job{ctx: ctx, event: e, done: make(chan error, 1)}
	if err := b.d.writer.enqueue(j); err != nil {
		b.t.Fatal(err)
	}
	b.errs[name] = j.done
}

// run lets the writer go on and gives what each event was answered.
func (b *batch) run() map[string]error {
	close(b.let)
	b.held.Wait()
	answers := map[string]error{}
	for name, done := range b.errs {
		answers[name] = <-done
	}
	return answers
}

func TestWriter_RS25_AFailedEventLeavesNothingAndHarmsNobody(t *testing.T) {
	s := openStore(t, t.TempDir())
	broken := errors.New("broken")
	b := hold(t, s.short)
	b.add(t.Context(), "before", spendIn("before", fine))
	b.add(t.Context(), "error", spendIn("error", func() error { return broken }))
	b.add(t.Context(), "panic", spendIn("panic", func() error { panic("at the disco") }))
	b.add(t.Context(), "index", spendIn("index", func() error { return []error{}[len(testIssuer)] }))
	b.add(t.Context(), "bad SQL", func(tx *transaction) error { _, err := tx.exec("SELEKT"); return err })
	b.add(t.Context(), "constraint", func(tx *transaction) error {
		_, err := tx.exec(spend, "", []byte("x"), 1, 1)
		return err
	})
	b.add(t.Context(), "after", spendIn("after", fine))
	answers := b.run()
	want := map[string]string{
		"before": "", "after": "", "error": "broken", "panic": "panicked: at the disco", "index": "panicked: runtime error: index out of range",
		"bad SQL": "syntax error", "constraint": "CHECK constraint failed",
	}
	for name, says := range want {
		err := answers[name]
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("RS25 %s: answered %v, want %q", name, err, says)
		}
		if got := isSpent(t, s, name); got != (err == nil) {
			t.Errorf("RS25 %s: in the file is %v, answered %v", name, got, err)
		}
	}
	if !errors.Is(answers["error"], broken) {
		t.Errorf("RS25 the event's own error came as %v", answers["error"])
	}
}

// The second event looks from outside at what the first one wrote: it is not
// there yet, so both share one transaction.
func TestWriter_EventsThatWaitShareOneCommit(t *testing.T) {
	s := openStore(t, t.TempDir())
	b := hold(t, s.short)
	seen := map[string]bool{}
	const n = 100
	for i := range n {
		name := fmt.Sprint("e", i)
		b.add(t.Context(), name, spendIn(name, func() error {
			seen[name] = isSpent(t, s, "e0")
			return nil
		}))
	}
	for name, err := range b.run() {
		if err != nil || seen[name] || !isSpent(t, s, name) {
			t.Errorf("%s: error %v, saw a commit before its own %v", name, err, seen[name])
		}
	}
}

// SQLite gives up the whole transaction when the disk is full or fails. Then
// nobody of the batch has won, and the next batch works again.
func TestWriter_RS25_ALostTransactionIsEverybodysError(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		breaks statement
		ending error
	}{
		{"the event fails", "ROLLBACK", broken},
		{"the event does not notice", "ROLLBACK", nil},
		{"the transaction stays open", "RELEASE event", nil},
	} {
		t.Run("RS25 "+c.name, func(t *testing.T) {
			s := openStore(t, t.TempDir())
			b := hold(t, s.short)
			b.add(t.Context(), "before", spendIn("before", fine))
			b.add(t.Context(), "loses", func(tx *transaction) error {
				if _, err := tx.exec(c.breaks); err != nil {
					return err
				}
				return c.ending
			})
			b.add(t.Context(), "after", spendIn("after", fine))
			for name, err := range b.run() {
				if err == nil || isSpent(t, s, name) {
					t.Errorf("RS25 %s: answered %v, in the file is %v", name, err, isSpent(t, s, name))
				}
			}
			if err := s.short.write(t.Context(), spendIn("next", fine)); err != nil || !isSpent(t, s, "next") {
				t.Errorf("the next write: %v", err)
			}
		})
	}
}

// max_page_count makes SQLite itself say that there is no more room.
func TestWriter_RS25_AFullDiskIsAnErrorUntilThereIsRoom(t *testing.T) {
	s := openStore(t, t.TempDir())
	limit := func(pages int) {
		if err := s.short.write(t.Context(), func(tx *transaction) error {
			_, err := tx.exec(statement(fmt.Sprint("PRAGMA max_page_count = ", pages)))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes the present size instead
	var full string
	for i := 0; full == ""; i++ {
		name := fmt.Sprint("e", i)
		won, err := s.Spend(t.Context(), testIssuer, secret.DigestOf(name), noon.Add(time.Hour), noon)
		switch {
		case err == nil && won && i < 10_000:
		case err != nil && !won && err.Error() == "short.db: the disk is full or over its quota; free some space":
			full = name
		default:
			t.Fatalf("RS25 spend %d: won %v, %v", i, won, err)
		}
	}
	if isSpent(t, s, full) || !isSpent(t, s, "e0") {
		t.Error("RS25 the file does not hold what was answered")
	}
	limit(1 << 20)
	if won, err := s.Spend(t.Context(), testIssuer, secret.DigestOf(full), noon.Add(time.Hour), noon); !won || err != nil {
		t.Errorf("with room again: won %v, %v", won, err)
	}
}

func TestWriter_ACallerThatGaveUpIsLeftOut(t *testing.T) {
	s := openStore(t, t.TempDir())
	ctx, giveUp := context.WithCancel(t.Context())
	b := hold(t, s.short)
	b.add(ctx, "gave up", spendIn("gave up", fine))
	b.add(t.Context(), "waits", spendIn("waits", fine))
	giveUp()
	answers := b.run()
	if !errors.Is(answers["gave up"], context.Canceled) || isSpent(t, s, "gave up") {
		t.Errorf("the one that gave up: %v, in the file is %v", answers["gave up"], isSpent(t, s, "gave up"))
	}
	if answers["waits"] != nil || !isSpent(t, s, "waits") {
		t.Errorf("the one that waits: %v", answers["waits"])
	}
}

func TestWriter_ACallerCanGiveUpWhileTheWriterIsBusy(t *testing.T) {
	s := openStore(t, t.TempDir())
	b := hold(t, s.short)
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	won, err := s.Spend(ctx, testIssuer, secret.DigestOf("a"), noon.Add(time.Hour), noon)
	if won || !errors.Is(err, context.Canceled) {
		t.Errorf("won %v, %v", won, err)
	}
	b.run()
}

func TestWriter_CloseAnswersWhatWaits(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	b := hold(t, s.short)
	const n = 50
	for i := range n {
		name := fmt.Sprint("e", i)
		b.add(t.Context(), name, spendIn(name, fine))
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for name, err := range b.run() {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := s.Spend(t.Context(), testIssuer, secret.DigestOf("late"), noon.Add(time.Hour), noon); !errors.Is(err, errClosed) {
		t.Errorf("a write after close: %v, want %v", err, errClosed)
	}
	s = openStore(t, dir)
	for i := range n {
		if !isSpent(t, s, fmt.Sprint("e", i)) {
			t.Errorf("e%d was answered and is gone", i)
		}
	}
}

func TestStore_CloseLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s := openStore(t, t.TempDir())
	if _, err := s.LoadKeyring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "/dev/null"); err == nil {
		t.Fatal("opened")
	}
	goleak.VerifyNone(t, before)
}

// Callers that come while the store closes are answered one way or the other.
func TestWriter_CloseRacesWithWrites(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	var callers sync.WaitGroup
	won := make([]int, 16)
	started := make(chan struct{}, len(won))
	for c := range won {
		callers.Go(func() {
			for i := 0; ; i++ {
				ok, err := s.Spend(t.Context(), testIssuer, secret.DigestOf(fmt.Sprint(c, " ", i)), noon.Add(time.Hour), noon)
				if err != nil {
					if !errors.Is(err, errClosed) {
						t.Errorf("caller %d: %v", c, err)
					}
					return
				}
				if ok {
					won[c]++
				}
				if i == 0 {
					started <- struct{}{}
				}
			}
		})
	}
	for range won {
		<-started
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	callers.Wait()
	s = openStore(t, dir)
	for c, n := range won {
		for i := range n {
			if !isSpent(t, s, fmt.Sprint(c, " ", i)) {
				t.Errorf("caller %d won key %d and it is gone", c, i)
			}
		}
	}
}
