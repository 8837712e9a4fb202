package audit

import (
	"errors"
	"io"
	"os"
)

// Target is where a log is written: [File] or [Stdout]. The zero Target
// cannot be opened.
type Target struct {
	path   string
	stream io.Writer
}

// File is a file that is appended to, and made with mode 0600 if it is not
// there. The chain continues from its last whole line.
func File(path string) Target { return Target{path: path} }

// Stdout is the program's standard output, for platforms that collect it. The
// chain starts anew with each start of the program, and on disk means handed
// to whoever reads.
func Stdout() Target { return Target{stream: os.Stdout} }

func (t Target) open() (sink, error) {
	switch {
	case t.stream != nil:
		return &stream{w: t.stream}, nil
	case t.path != "":
		return openFile(t.path)
	}
	return nil, errors.New("audit log: no target is given; name a file or stdout")
}

// sink stores lines.
type sink interface {
	// write asks lines for what follows the chain's end, and stores it wholly
	// or not at all; when durable, it is on disk before write returns. The
	// note is what the next record is to say about the sink itself.
	write(lines func(end link, note string) ([]byte, link), durable bool) error
	close() error
}

// stream is a sink that can take nothing back.
type stream struct {
	w    io.Writer
	end  link
	torn bool
}

func (s *stream) write(lines func(link, string) ([]byte, link), _ bool) error {
	if s.torn {
		if _, err := s.w.Write([]byte("\n")); err != nil {
			return err
		}
		s.torn = false
	}
	text, end := lines(s.end, "")
	n, err := s.w.Write(text)
	if err != nil {
		s.torn = n > 0
		return err
	}
	s.end = end
	return nil
}

func (*stream) close() error { return nil }
