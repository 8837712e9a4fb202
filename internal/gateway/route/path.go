package route

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The reasons why a path is refused.
var (
	errForm      = errors.New("the path does not begin with a slash")
	errEmpty     = errors.New("the path has an empty segment")
	errDots      = errors.New("the path has a dot segment")
	errEscape    = errors.New("the path has a malformed percent-encoding")
	errCharacter = errors.New("a segment of the path has a slash, a backslash, a semicolon or a control character in it")
	errTwice     = errors.New("a segment of the path is percent-encoded twice")
	errText      = errors.New("a segment of the path is not UTF-8 text")
)

// checkPath refuses a path that has more than one reading. A slash at the end
// is left to the matching, which knows no empty segment.
func checkPath(path string) error {
	if path == "" || path[0] != '/' {
		return errForm
	}
	for rest, more := path[1:], true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "" && more {
			return errEmpty
		}
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	return nil
}

func checkSegment(segment string) error {
	text, ok := decode(segment)
	if !ok {
		return errEscape
	}
	if text == "." || text == ".." {
		return errDots
	}
	ascii := true
	for i := range len(text) {
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == ';':
			return errCharacter
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			return errTwice
		}
	}
	if !ascii && !utf8.ValidString(text) {
		return errText
	}
	return nil
}

// decode resolves percent-encodings once (RFC 3986 §2.1).
func decode(segment string) (string, bool) {
	if strings.IndexByte(segment, '%') < 0 {
		return segment, true
	}
	out := make([]byte, 0, len(segment))
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		if c == '%' {
			if i+2 >= len(segment) || !isHex(segment[i+1]) || !isHex(segment[i+2]) {
				return "", false
			}
			c = unhex(segment[i+1])<<4 | unhex(segment[i+2])
			i += 2
		}
		out = append(out, c)
	}
	return string(out), true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
