package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxLine is more than the longest line: 15 texts of maxText bytes, each byte
// six when escaped.
const maxLine = 32 << 10

// Verify reads a whole log and returns an error that names the first line
// that does not follow from the one before it: one that was changed, removed,
// inserted or moved, or that is torn. An empty log is whole.
func Verify(r io.Reader) error {
	in := bufio.NewReaderSize(r, maxLine)
	var last link
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0:
			return nil
		case err == io.EOF:
			return fmt.Errorf("line %d is torn: it has no end", n)
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d is longer than any record", n)
		case err != nil:
			return fmt.Errorf("line %d cannot be read: %w", n, err)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		seq, prev, ok := parseHead(line)
		switch {
		case !ok || !json.Valid(line):
			return fmt.Errorf("line %d is no audit record", n)
		case prev != last.hash:
			return fmt.Errorf("line %d does not follow the line before it: that one was changed, removed or moved", n)
		case seq != last.seq+1:
			return fmt.Errorf("line %d has sequence number %d in place of %d", n, seq, last.seq+1)
		}
		last = link{seq, sha256.Sum256(line)}
	}
}

// parseHead reads the fixed beginning of a line.
func parseHead(line []byte) (seq uint64, prev [sha256.Size]byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(headSeq))
	if !ok {
		return 0, prev, false
	}
	digits, rest, ok := bytes.Cut(rest, []byte(headPrev))
	if !ok {
		return 0, prev, false
	}
	hash, _, ok := bytes.Cut(rest, []byte(headTime))
	if !ok || len(hash) != hex.EncodedLen(len(prev)) {
		return 0, prev, false
	}
	if _, err := hex.Decode(prev[:], hash); err != nil {
		return 0, prev, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	return seq, prev, err == nil && seq > 0
}
