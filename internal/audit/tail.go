package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// errForeign says that a file holds something else than our records.
var errForeign = errors.New("its last line is not an audit record")

// catchUp makes size and end true again when the file is not as we left it:
// at the start, after another process has written, or after a crash. What
// follows the last whole line is set apart.
func (s *file) catchUp() error {
	info, err := s.f.Stat()
	if err != nil || info.Size() == s.size {
		return err
	}
	if info.Size() < s.size {
		s.note = fmt.Sprintf("The file was cut from %d to %d bytes by somebody else.", s.size, info.Size())
	}
	whole, err := endOfLastLine(s.f, info.Size())
	if err != nil {
		return err
	}
	if whole > 0 {
		last, err := lastLink(s.f, whole)
		if err != nil {
			return err
		}
		// A file that was cut, or replaced by an older one, ends before what
		// we know. The chain goes on from there all the same, so that Verify
		// shows the gap.
		if last.seq >= s.end.seq {
			s.end = last
		}
	}
	if whole < info.Size() {
		if err := s.setApart(whole, info.Size()); err != nil {
			return err
		}
	}
	s.size = whole
	return nil
}

// endOfLastLine returns the offset behind the last newline, 0 when there is none.
func endOfLastLine(f io.ReaderAt, size int64) (int64, error) {
	chunk := make([]byte, maxLine)
	for end := size; end > 0; {
		begin := max(0, end-maxLine)
		part := chunk[:end-begin]
		if _, err := f.ReadAt(part, begin); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// lastLink reads the line that ends before offset whole.
func lastLink(f io.ReaderAt, whole int64) (link, error) {
	begin := max(0, whole-maxLine)
	part := make([]byte, whole-begin)
	if _, err := f.ReadAt(part, begin); err != nil {
		return link{}, err
	}
	line := part[:len(part)-1]
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	seq, _, ok := parseHead(line)
	if !ok {
		return link{}, errForeign
	}
	return link{seq, sha256.Sum256(line)}, nil
}

// setApart moves a torn line out of the log into a file beside it, and lets
// the next record say so. Blanks are our own proof of writing, cut short.
func (s *file) setApart(whole, size int64) error {
	torn := io.NewSectionReader(s.f, whole, size-whole)
	blank, err := onlyBlanks(torn)
	if err != nil {
		return err
	}
	if !blank {
		if err := appendTo(s.path+".torn", io.NewSectionReader(s.f, whole, size-whole)); err != nil {
			return err
		}
		s.note = fmt.Sprintf("A torn line of %d bytes after line %d was moved to the file's .torn companion.", size-whole, s.end.seq)
	}
	return s.f.Truncate(whole)
}

func onlyBlanks(r io.Reader) (bool, error) {
	chunk := make([]byte, maxLine)
	for {
		n, err := r.Read(chunk)
		if len(bytes.Trim(chunk[:n], " ")) > 0 {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

func appendTo(path string, torn io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.MultiReader(torn, bytes.NewReader([]byte("\n"))))
	return errors.Join(err, f.Sync(), f.Close())
}
