package sqlstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/secret"
)

func TestOpen_FilesAreClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by us")
	s := openStore(t, dir)
	wantModes(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Opened again after somebody was generous.
	for path := range paths(t, dir) {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	openStore(t, dir)
	wantModes(t, dir)
}

func wantModes(t *testing.T, dir string) {
	t.Helper()
	var names []string
	for path, mode := range paths(t, dir) {
		want := fs.FileMode(0o600)
		if mode.IsDir() {
			want = 0o700
		}
		// The lock holds a process number and no secret.
		if mode.Perm() != want && filepath.Base(path) != lockName {
			t.Errorf("%s has mode %v, want %v", path, mode.Perm(), want)
		}
		names = append(names, filepath.Base(path))
	}
	for _, name := range []string{"durable.db", "durable.db-wal", "durable.db-shm", "short.db", "short.db-wal"} {
		if !strings.Contains(strings.Join(names, " "), name) {
			t.Errorf("there is no %s among %v", name, names)
		}
	}
}

func paths(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOpen_TheFolderMayHaveAnyName(t *testing.T) {
	for _, name := range []string{"a b", "100%25?mode=memory", "#1;'\"", "ünïcode", "_pragma=synchronous(OFF)&x"} {
		dir := filepath.Join(t.TempDir(), name)
		openStore(t, dir)
		if _, err := os.Stat(filepath.Join(dir, "durable.db")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// synchronous is FULL (2) where an answer is a promise and NORMAL (1) where
// only kill -9 is to be survived.
func TestOpen_EachFileSyncsAsPromised(t *testing.T) {
	s := openStore(t, t.TempDir())
	for d, want := range map[*database]string{s.durable: "wal 2 1", s.short: "wal 1 1"} {
		// The goroutine is idle, so its connection is free.
		var journal string
		var sync, foreignKeys int
		err := d.write(t.Context(), func(tx *transaction) error {
			for pragma, to := range map[string]any{"journal_mode": &journal, "synchronous": &sync, "foreign_keys": &foreignKeys} {
				if err := tx.w.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(to); err != nil {
					return err
				}
			}
			return nil
		})
		if got := fmt.Sprint(journal, " ", sync, " ", foreignKeys); got != want || err != nil {
			t.Errorf("%s: journal, synchronous and foreign keys are %q, %v; want %q", d.name, got, err, want)
		}
	}
}

func TestOpen_ReadersCannotWrite(t *testing.T) {
	s := openStore(t, t.TempDir())
	for _, d := range []*database{s.durable, s.short} {
		if _, err := d.readers.Exec(string(beat)); err == nil {
			t.Errorf("%s: a reader has written", d.name)
		}
	}
}

// The files are copied while writers are at work and the store stays open: a
// moment that a crash of the machine's process table could have left behind.
func TestStore_AS9_AS69_ACopyOfTheOpenFilesHoldsWhatWasAnswered(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	s := openStore(t, dir)
	const n = 200
	for i := range n {
		id := fmt.Sprint("id", i)
		if won, err := s.Spend(t.Context(), testIssuer, secret.DigestOf(id), noon.Add(time.Hour), noon); !won || err != nil {
			t.Fatal(won, err)
		}
		if err := s.RedeemMachine(t.Context(), grant.Issued{Issuer: testIssuer, TokenID: id}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"durable.db", "durable.db-wal", "short.db", "short.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		// A torn write at the end of the log, as a crash leaves it.
		if strings.HasSuffix(name, "-wal") {
			b = append(b, b[len(b)-1000:]...)
		}
		if err := os.WriteFile(filepath.Join(copied, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := openStore(t, copied)
	for i := range n {
		id := fmt.Sprint("id", i)
		if won, err := c.Spend(t.Context(), testIssuer, secret.DigestOf(id), noon.Add(time.Hour), noon); won || err != nil {
			t.Errorf("AS9 %s: won %v, %v", id, won, err)
		}
		if err := c.RedeemMachine(t.Context(), grant.Issued{Issuer: testIssuer, TokenID: id}); !errors.Is(err, grant.ErrIssuedBefore) {
			t.Errorf("AS69 %s: %v", id, err)
		}
	}
}

func TestHousekeep_RS10_ForgetsWhatExpiredLongAgo(t *testing.T) {
	s := openStore(t, t.TempDir())
	const old, live = sweepLength + 30, 10
	for i := range old + live {
		until := noon.Add(time.Second)
		if i >= old {
			until = noon.Add(time.Hour)
		}
		id := fmt.Sprint("id", i)
		if won, err := s.Spend(t.Context(), testIssuer, secret.DigestOf(id), until, noon); !won || err != nil {
			t.Fatal(won, err)
		}
		if err := s.RedeemMachine(t.Context(), grant.Issued{Issuer: testIssuer, TokenID: id, Expires: until}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		now  time.Time
		want int
	}{
		{noon.Add(time.Second), 0},
		{noon.Add(time.Second + grace), 0}, // a clock set back a little may still ask
		{noon.Add(2*time.Second + grace), 2 * old},
		{noon.Add(2*time.Second + grace), 0},
		{noon.Add(2*time.Hour + grace), 2 * live},
	} {
		if removed, err := s.Housekeep(t.Context(), step.now); removed != step.want || err != nil {
			t.Errorf("RS10 at %v removed %d, %v; want %d", step.now, removed, err, step.want)
		}
	}
}

// An expired key can be spent anew, whether its row was swept or not.
func TestSpend_RS10_AnExpiredKeyIsFree(t *testing.T) {
	s := openStore(t, t.TempDir())
	key := secret.DigestOf("a")
	for i, now := range []time.Time{noon, noon.Add(time.Minute), noon.Add(time.Hour)} {
		for try := range 2 {
			won, err := s.Spend(t.Context(), testIssuer, key, now.Add(time.Minute), now)
			if won != (try == 0) || err != nil {
				t.Errorf("RS10 at %v, try %d: won %v, %v", now, try, won, err)
			}
		}
		if i == 1 {
			if _, err := s.Housekeep(t.Context(), noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestKeepHouse_SweepsEveryMinute(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if won, err := s.Spend(t.Context(), testIssuer, secret.DigestOf("a"), time.Now().Add(time.Second), time.Now()); !won || err != nil {
			t.Fatal(won, err)
		}
		var failures []error
		go s.KeepHouse(t.Context(), time.Now, func(err error) { failures = append(failures, err) })
		time.Sleep(grace + 2*sweepEvery + time.Second)
		synctest.Wait()
		if isSpent(t, s, "a") || len(failures) != 0 {
			t.Errorf("after two minutes: kept %v, failures %v", isSpent(t, s, "a"), failures)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(sweepEvery)
		synctest.Wait()
		if len(failures) != 1 || !errors.Is(failures[0], errClosed) {
			t.Errorf("the sweep of a closed store told %v", failures)
		}
	})
}

func TestMoment_RoundsUpAndDoesNotOverflow(t *testing.T) {
	for _, c := range []struct {
		t    time.Time
		want int64
	}{
		{time.Unix(1, 0), 1_000_000},
		{time.Unix(1, 1), 1_000_001},
		{time.Unix(1, 999), 1_000_001},
		{time.Unix(1, 1000), 1_000_001},
		{time.Unix(-1, 1), -999_999},
		{time.Unix(1<<60, 0), lastMoment.UnixMicro()},
	} {
		if got := moment(c.t); got != c.want {
			t.Errorf("moment(%v) = %d, want %d", c.t.UTC(), got, c.want)
		}
	}
	if got := momentOf(moment(noon)); !got.Equal(noon) || got.Location() != time.UTC {
		t.Errorf("noon came back as %v", got)
	}
}
