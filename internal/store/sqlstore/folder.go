package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	lockName = "lock"
	// A process that was killed a moment ago may not be quite gone.
	lockPatience = 500 * time.Millisecond
	lockRetry    = 20 * time.Millisecond
)

// folder is the data folder while this process owns it.
type folder struct {
	path string // absolute
	lock *os.File
}

func openFolder(ctx context.Context, dir string) (*folder, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, explain(filepath.Base(path), err))
	}
	lock, err := takeLock(ctx, filepath.Join(path, lockName))
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, explain(lockName, err))
	}
	return &folder{path: path, lock: lock}, nil
}

func (f *folder) close() error { return f.lock.Close() }

// makePrivate makes the folder, or closes an existing one to other users. A
// folder with the sticky bit, such as /tmp, is there for everybody and is left
// as it is.
func makePrivate(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if info.Mode()&fs.ModeSticky == 0 && os.Chmod(path, 0o700) == nil {
		return nil
	}
	return errors.New("it is open to other users and not ours to close; name a folder inside it, which the server then makes for itself")
}

// takeLock opens the lock file and holds its lock. The kernel lets go of the
// lock when the file is closed or the process is gone, kill -9 included.
func takeLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := waitForLock(ctx, f); err != nil {
		_ = f.Close()
		return nil, err
	}
	if err := leaveNumber(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func waitForLock(ctx context.Context, f *os.File) error {
	for waited := time.Duration(0); ; waited += lockRetry {
		taken, err := tryLock(f)
		if err != nil || taken {
			return err
		}
		if waited >= lockPatience {
			return errors.New("it is in use by another server" + holder(f) + "; stop that one, or give this one a data folder of its own")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// leaveNumber writes who holds the lock, for the message of the next one.
func leaveNumber(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}

// holder names the process that holds the lock, if it left its number.
func holder(f *os.File) string {
	b, _ := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(b)); pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// syncFolder makes the names in a folder as durable as the files.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
