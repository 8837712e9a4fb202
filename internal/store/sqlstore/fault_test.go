package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/secret"
)

// wantRefused opens the folder and wants one line that says what is wrong and
// what to do.
func wantRefused(t *testing.T, dir string, says ...string) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err == nil {
		_ = s.Close()
		t.Fatal("opened")
	}
	for _, part := range append(says, "data folder "+dir+": ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error %q has more than one line", err)
	}
}

// made gives a folder with a store in it that was closed.
func made(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateKeyring(t.Context(), bytes.Repeat([]byte("k"), 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// max_page_count makes SQLite itself say, at a new file's first tables, that
// there is no more room.
func TestOpen_RefusesAFullDisk(t *testing.T) {
	for _, k := range []*kind{&durableFile, &shortFile} {
		t.Run(k.name, func(t *testing.T) {
			defer func(old []string) { k.pragmas = old }(k.pragmas)
			k.pragmas = append(slices.Clone(k.pragmas), "max_page_count(4)")
			dir := t.TempDir()
			wantRefused(t, dir, k.name+": the disk is full", "free some space")
			k.pragmas = k.pragmas[:len(k.pragmas)-1]
			openStore(t, dir) // with room it goes on from where it stopped
		})
	}
}

func TestOpen_RefusesAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	wantRefused(t, dir, "in use by another server (process "+fmt.Sprint(os.Getpid())+")", "stop that one")
	// The refused one has not taken the lock away.
	wantRefused(t, dir, "in use by another server")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir)
}

func TestOpen_GivesUpWithItsContext(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestOpen_RefusesANewerVersion(t *testing.T) {
	for _, name := range []string{"durable.db", "short.db"} {
		t.Run(name, func(t *testing.T) {
			dir := made(t)
			change(t, filepath.Join(dir, name), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
			wantRefused(t, dir, name+" was written by a newer program (version 99, this one knows ", "run that program")
		})
	}
}

func change(t *testing.T, path, text string) {
	t.Helper()
	db, err := connect(path, "rw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_RefusesADamagedFile(t *testing.T) {
	damages := map[string]func([]byte) []byte{
		"not a database":   func([]byte) []byte { return []byte(strings.Repeat("milk and eggs\n", 500)) },
		"header":           func(b []byte) []byte { clear(b[:100]); return b },
		"first page":       func(b []byte) []byte { clear(b[100:4096]); return b },
		"cut to two pages": func(b []byte) []byte { return b[:8192] },
		"all but a page":   func(b []byte) []byte { return append(b[:4096], bytes.Repeat([]byte{0xa5}, len(b)-4096)...) },
	}
	for _, name := range []string{"durable.db", "short.db"} {
		for damage, do := range damages {
			t.Run(name+" "+damage, func(t *testing.T) {
				dir := made(t)
				path := filepath.Join(dir, name)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, do(b), 0o600); err != nil {
					t.Fatal(err)
				}
				wantRefused(t, dir, name+" is damaged", "restore it from a backup")
			})
		}
	}
}

func TestOpen_RefusesAFileInTheWay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, dir, "data is not a folder", "move the file away")
	wantRefused(t, filepath.Join(dir, "below"), "is not a folder")
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "durable.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, dir, "durable.db is a folder", "move it away")
}

func TestOpen_RefusesASharedFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, dir, "open to other users", "name a folder inside it")
	openStore(t, filepath.Join(dir, "inside"))
}

func TestOpen_RefusesAFileHeldByAnotherProgram(t *testing.T) {
	dir := made(t)
	db, err := sql.Open("sqlite", filepath.Join(dir, "short.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	defer func(d time.Duration) { busyTimeout = d }(busyTimeout)
	busyTimeout = time.Millisecond
	wantRefused(t, dir, "short.db is locked by another program", "close that program")
}

func TestHealthy_RS25_SaysWhatIsWrong(t *testing.T) {
	t.Run("RS25 file removed", func(t *testing.T) {
		dir := t.TempDir()
		s := openStore(t, dir)
		path := filepath.Join(dir, "durable.db")
		if err := os.Rename(path, path+".moved"); err != nil {
			t.Fatal(err)
		}
		wantSick(t, s, "durable.db was removed or replaced")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantSick(t, s, "durable.db was removed or replaced")
		if err := os.Rename(path+".moved", path); err != nil {
			t.Fatal(err)
		}
		if err := s.Healthy(t.Context()); err != nil {
			t.Errorf("RS25 with the file back: %v", err)
		}
	})
	t.Run("RS25 row gone", func(t *testing.T) {
		s := openStore(t, t.TempDir())
		if err := s.short.write(t.Context(), func(tx *transaction) error {
			return tx.mustChange(`DELETE FROM heartbeat`)
		}); err != nil {
			t.Fatal(err)
		}
		wantSick(t, s, "short.db: a write changed 0 rows")
	})
}

func wantSick(t *testing.T, s *Store, says string) {
	t.Helper()
	if err := s.Healthy(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("RS25 healthy said %v, want %q", err, says)
	}
}

func TestExplain_KeepsTheCauseAndLeavesOthersAlone(t *testing.T) {
	ours := errors.New("ours")
	if got := explain("durable.db", ours); got != ours {
		t.Errorf("our own error came as %v", got)
	}
	if explain("durable.db", nil) != nil {
		t.Error("no error became one")
	}
	err := explain("durable.db", fmt.Errorf("wrapped: %w", os.ErrPermission))
	if !errors.Is(err, os.ErrPermission) || !strings.HasPrefix(err.Error(), "durable.db cannot be written; ") {
		t.Errorf("explained as %v", err)
	}
}

// Two sealers that start on one empty folder, one after the other was killed
// or closed, use one keyring.
func TestSealer_C3_KeyringOutlivesTheStore(t *testing.T) {
	dir := t.TempDir()
	place := secret.Place{Table: "signing_keys", Column: "private_key", Key: "k"}
	pass := secret.NewText("a passphrase of the tests")
	s := openStore(t, dir)
	first, err := secret.OpenSealer(t.Context(), s, pass)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal([]byte("private"), place)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	second, err := secret.OpenSealer(t.Context(), s, pass)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(sealed, place); err != nil || string(got) != "private" {
		t.Errorf("C3: opened %q, %v", got, err)
	}
	if _, err := secret.OpenSealer(t.Context(), s, secret.NewText("another passphrase here")); !errors.Is(err, secret.ErrWrongPassphrase) {
		t.Errorf("C3: the wrong passphrase: %v", err)
	}
}
