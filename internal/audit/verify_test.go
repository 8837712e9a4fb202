package audit

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

func chainOf(n int) [][]byte {
	var lines [][]byte
	var end link
	for i := range n {
		var line []byte
		line, end = end.next(nil, &Record{Time: moment, Event: "api", Verdict: Allow, TokenID: "t" + strconv.Itoa(i)}, "")
		lines = append(lines, line)
	}
	return lines
}

func TestVerify_FindsEveryKindOfTampering(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(lines [][]byte) [][]byte
		want   string // "" when the log is whole
	}{
		{"untouched", func(l [][]byte) [][]byte { return l }, ""},
		{"empty", func([][]byte) [][]byte { return nil }, ""},
		{"a line changed", func(l [][]byte) [][]byte {
			l[2] = bytes.Replace(l[2], []byte("allow"), []byte("deny "), 1)
			return l
		}, "line 4 does not follow"},
		{"a line removed", func(l [][]byte) [][]byte { return append(l[:2], l[3:]...) }, "line 3 does not follow"},
		{"the first line removed", func(l [][]byte) [][]byte { return l[1:] }, "line 1 does not follow"},
		{"two lines swapped", func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }, "line 2 does not follow"},
		{"a line doubled", func(l [][]byte) [][]byte { return append(l[:3], l[2:]...) }, "line 4 does not follow"},
		{"a sequence number changed", func(l [][]byte) [][]byte {
			l[4] = bytes.Replace(l[4], []byte(`"seq":5`), []byte(`"seq":6`), 1)
			return l
		}, "line 5 has sequence number 6 in place of 5"},
		{"something else in between", func(l [][]byte) [][]byte { l[1] = []byte("hello\n"); return l }, "line 2 is no audit record"},
		{"cut JSON", func(l [][]byte) [][]byte { l[4] = append(l[4][:len(l[4])-2], '\n'); return l }, "line 5 is no audit record"},
		{"torn end", func(l [][]byte) [][]byte { l[4] = l[4][:20]; return l }, "line 5 is torn"},
		{"endless line", func(l [][]byte) [][]byte { l[1] = bytes.Repeat([]byte("a"), maxLine+1); return l }, "line 2 is longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Verify(bytes.NewReader(bytes.Join(c.tamper(chainOf(5)), nil)))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("whole log refused: %v", err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(bytes.Join(chainOf(3), nil))
	f.Add([]byte(`{"seq":1,"prev":"00","time":"`))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		if Verify(bytes.NewReader(log)) != nil || len(log) == 0 {
			return
		}
		// What verifies is numbered from 1 without a gap.
		lines := bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n"))
		if seq, _, ok := parseHead(lines[len(lines)-1]); !ok || seq != uint64(len(lines)) {
			t.Fatalf("%d lines verify and end at number %d", len(lines), seq)
		}
	})
}
