package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// kind is what sets one of the two files apart.
type kind struct {
	name       string   // of the file
	migrations string   // folder of the embedded migrations
	pragmas    []string // of the connection that writes
}

var (
	durableFile = kind{"durable.db", "migrations/durable", []string{"journal_mode(WAL)", "foreign_keys(ON)", "synchronous(FULL)"}}
	shortFile   = kind{"short.db", "migrations/short", []string{"journal_mode(WAL)", "foreign_keys(ON)", "synchronous(NORMAL)"}}
)

const readConnections = 4

// database is one file: its writer, and connections that can only read.
type database struct {
	kind
	path    string
	file    fs.FileInfo // the file that was opened, to notice another in its place
	writer  *writer
	readers *sql.DB
}

func openDatabase(ctx context.Context, f *folder, k kind) (*database, error) {
	d := &database{kind: k, path: filepath.Join(f.path, k.name)}
	err := makeFile(f, d.path)
	if err == nil {
		d.file, err = os.Stat(d.path)
	}
	if err != nil {
		return nil, explain(k.name, err)
	}
	db, err := connect(d.path, "rwc", k.pragmas...)
	if err != nil {
		return nil, explain(k.name, err)
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db, k); err != nil {
		_ = db.Close()
		return nil, explain(k.name, err)
	}
	if d.readers, err = connect(d.path, "ro", "query_only(ON)"); err != nil {
		_ = db.Close()
		return nil, explain(k.name, err)
	}
	d.readers.SetMaxOpenConns(readConnections)
	d.readers.SetMaxIdleConns(readConnections)
	d.writer = startWriter(db, k.name)
	return d, nil
}

// makeFile makes the file, or closes an existing one to other users. SQLite
// gives its companions (-wal, -shm) the mode of the file.
func makeFile(f *folder, path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o600), file.Close()); err != nil {
		return err
	}
	return syncFolder(f.path)
}

// busyTimeout is how long to wait for an operator's own sqlite3 program. Among
// ourselves nobody waits. Only tests change it.
var busyTimeout = 5 * time.Second

// connect gives a pool over the file.
func connect(path, mode string, pragmas ...string) (*sql.DB, error) {
	pragmas = append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}, pragmas...)
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": pragmas}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	c, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

func (d *database) close() error {
	if d == nil {
		return nil
	}
	// The writer goes last: the last one to leave moves the log into the file,
	// which a reader may not do.
	return errors.Join(d.readers.Close(), d.writer.close())
}

// write runs the event in the file's next transaction.
func (d *database) write(ctx context.Context, e event) error {
	return explain(d.name, d.writer.do(ctx, e))
}

const beat statement = `UPDATE heartbeat SET beats = beats + 1 WHERE id = 1`

func (d *database) healthy(ctx context.Context) error {
	// Writing to a file that was deleted works, and is lost at the end.
	if now, err := os.Stat(d.path); err != nil || !os.SameFile(now, d.file) {
		return fmt.Errorf("%s was removed or replaced while the server runs; put it back or restart the server", d.name)
	}
	return d.write(ctx, func(tx *transaction) error {
		return tx.mustChange(beat)
	})
}
