package sqlstore

import (
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fault is an error of the disk or the file, in one line that says what to
// do. What SQLite or the system said is the cause.
type fault struct {
	advice string
	cause  error
}

func (f *fault) Error() string { return f.advice }
func (f *fault) Unwrap() error { return f.cause }

// explain puts an error about the named file or folder into words. Errors
// that it does not know, ours among them, pass as they are.
func explain(name string, err error) error {
	if err == nil {
		return nil
	}
	if advice := adviceFor(err); advice != "" {
		return &fault{name + advice, err}
	}
	return err
}

const (
	diskFull    = ": the disk is full or over its quota; free some space"
	notWritable = " cannot be written; give the user that runs the server its own folder on a disk that can be written"
	damaged     = " is damaged or not a SQLite database; restore it from a backup"
	heldByOther = " is locked by another program, such as an open sqlite3 shell; close that program"
	diskFails   = ": the disk or the file system fails; look at the system's log"
)

func adviceFor(err error) string {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return adviceForSQLite(s.Code())
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return diskFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return notWritable
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return " is not a folder; move the file away or name another folder"
	case errors.Is(err, syscall.EISDIR):
		return " is a folder; move it away, the server makes a file of that name"
	case errors.Is(err, syscall.EIO):
		return diskFails
	}
	return ""
}

func adviceForSQLite(code int) string {
	switch code & 0xff { // without the extension
	case sqlite3.SQLITE_FULL:
		return diskFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return notWritable
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
		return damaged
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return heldByOther
	case sqlite3.SQLITE_IOERR:
		return diskFails
	}
	return ""
}
