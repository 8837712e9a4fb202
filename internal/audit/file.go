package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// file is a sink that continues its chain over restarts. Several processes
// may append to one file: each write holds the file's lock and first reads
// what the others have added.
type file struct {
	path string
	f    *os.File
	out  io.WriterAt // f itself; tests put a full disk here
	size int64       // bytes of whole lines, as of our newest look
	end  link        // the last of them
	note string      // what the next record has to say
}

func openFile(path string) (*file, error) {
	s := &file{path: path}
	if err := s.reopen(); err != nil {
		return nil, advise(path, err)
	}
	if err := s.prove(); err != nil {
		s.f.Close()
		return nil, advise(path, err)
	}
	if s.end.seq > 0 && s.note == "" {
		s.note = "The log was opened; the chain continues after line " + strconv.FormatUint(s.end.seq, 10) + "."
	}
	return s, nil
}

func advise(path string, err error) error {
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // which leaves out the path, named already
	}
	if errors.Is(err, errForeign) {
		return fmt.Errorf("audit file %s: %w; move the file away or name another in audit.sink", path, err)
	}
	return fmt.Errorf("audit file %s cannot be written: %w; make room or grant access, or name another file in audit.sink", path, err)
}

// reopen opens whatever file has our path now.
func (s *file) reopen() error {
	_, missing := os.Stat(s.path)
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if missing != nil {
		if err := syncFolder(filepath.Dir(s.path)); err != nil {
			f.Close()
			return err
		}
	}
	s.f, s.out, s.size = f, f, 0
	return nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// prove writes and takes back a block of blanks, for an open file says
// nothing about a full disk.
func (s *file) prove() error {
	if err := lock(s.f); err != nil {
		return err
	}
	defer unlock(s.f)
	if err := s.catchUp(); err != nil {
		return err
	}
	blanks := make([]byte, 4096)
	for i := range blanks {
		blanks[i] = ' '
	}
	return errors.Join(s.append(blanks, true), s.f.Truncate(s.size))
}

func (s *file) write(lines func(link, string) ([]byte, link), durable bool) error {
	if err := s.follow(); err != nil {
		return err
	}
	if err := lock(s.f); err != nil {
		return err
	}
	defer unlock(s.f)
	if err := s.catchUp(); err != nil {
		return err
	}
	text, end := lines(s.end, s.note)
	if err := s.append(text, durable); err != nil {
		// What did arrive is taken back, or the next reader would take it
		// for a record. If that fails as well, catchUp finds it.
		return errors.Join(err, s.f.Truncate(s.size))
	}
	s.size += int64(len(text))
	s.end, s.note = end, ""
	return nil
}

func (s *file) append(text []byte, durable bool) error {
	if _, err := s.out.WriteAt(text, s.size); err != nil || !durable {
		return err
	}
	return s.f.Sync()
}

// follow opens the path anew when our file was renamed or removed, by log
// rotation for instance: else records would go where nobody looks.
func (s *file) follow() error {
	ours, err := s.f.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Stat(s.path); err == nil && os.SameFile(ours, there) {
		return nil
	}
	old := s.f
	if err := s.reopen(); err != nil {
		return err
	}
	old.Close()
	s.note = "The file was moved or removed; the chain continues after line " + strconv.FormatUint(s.end.seq, 10) + "."
	return nil
}

func (s *file) close() error {
	return errors.Join(s.f.Sync(), s.f.Close())
}
