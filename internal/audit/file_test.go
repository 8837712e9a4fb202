package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func open(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(File(path), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func commit(t *testing.T, l *Log, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := l.Commit(t.Context(), one(id)); err != nil {
			t.Fatal(err)
		}
	}
}

func shut(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// whole reads a log that must verify.
func whole(t *testing.T, paths ...string) string {
	t.Helper()
	var text []byte
	for _, path := range paths {
		part, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}
	if err := Verify(bytes.NewReader(text)); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text)
}

func TestFile_ChainContinuesAfterReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for i := range 3 {
		l := open(t, path)
		commit(t, l, fmt.Sprint("run", i, "a"), fmt.Sprint("run", i, "b"))
		shut(t, l)
	}
	lines := strings.Split(strings.TrimSpace(whole(t, path)), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines, want 6", len(lines))
	}
	for i, line := range lines {
		says := strings.Contains(line, fmt.Sprintf(`"note":"The log was opened; the chain continues after line %d."`, i))
		if wants := i == 2 || i == 4; says != wants {
			t.Errorf("line %d says that it was opened: %t, want %t", i+1, says, wants)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %o, want 600", info.Mode().Perm())
	}
}

func TestFile_CommitIsThereWhenItReturns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path)
	commit(t, l, "a")
	if !strings.Contains(whole(t, path), `"token_id":"a"`) {
		t.Error("the record is not in the file")
	}
	shut(t, l)
}

func TestFile_TornLastLineIsSetApart(t *testing.T) {
	for name, torn := range map[string]string{
		"half a record": `{"seq":3,"prev":"`,
		"zeros":         strings.Repeat("\x00", 3*maxLine),
		"one byte":      "{",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			l := open(t, path)
			commit(t, l, "a", "b")
			shut(t, l)
			add(t, path, torn)

			l = open(t, path)
			commit(t, l, "c")
			shut(t, l)
			text := whole(t, path)
			if want := fmt.Sprintf("A torn line of %d bytes after line 2", len(torn)); !strings.Contains(text, want) {
				t.Errorf("the next record does not say %q:\n%s", want, text)
			}
			if apart, _ := os.ReadFile(path + ".torn"); string(apart) != torn+"\n" {
				t.Errorf("set apart is %q", apart)
			}
		})
	}
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestFile_AnInterruptedProofOfWritingLeavesNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path)
	commit(t, l, "a")
	shut(t, l)
	add(t, path, strings.Repeat(" ", 4096))
	shut(t, open(t, path))
	if text := whole(t, path); strings.Count(text, "\n") != 1 {
		t.Errorf("file is %q", text)
	}
	if _, err := os.Stat(path + ".torn"); err == nil {
		t.Error("blanks were set apart")
	}
}

// halfDisk takes some bytes of a write and then has no room, while it is full.
type halfDisk struct {
	io.WriterAt
	full atomic.Bool
}

func (d *halfDisk) WriteAt(p []byte, at int64) (int, error) {
	if !d.full.Load() {
		return d.WriterAt.WriteAt(p, at)
	}
	n, _ := d.WriterAt.WriteAt(p[:min(len(p), 300)], at)
	return n, errDisk
}

func TestFile_AWriteThatFailsHalfwayIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	s, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	disk := &halfDisk{WriterAt: s.f}
	s.out = disk
	l := start(s, Options{})
	commit(t, l, "a")
	disk.full.Store(true)
	if err := l.Commit(t.Context(), one(strings.Repeat("b", 200))); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want the disk's error", err)
	}
	disk.full.Store(false)
	commit(t, l, "c")
	shut(t, l)
	if text := whole(t, path); strings.Contains(text, "bbb") {
		t.Errorf("the failed record is in the file:\n%s", text)
	}
}

func TestFile_RefusedAtOpenWithAdvice(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(foreign, []byte("milk\neggs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"no folder", filepath.Join(dir, "none", "audit.jsonl"), "cannot be written: no such file or directory; make room or grant access"},
		{"a folder", dir, "cannot be written: is a directory; "},
		{"somebody else's file", foreign, "its last line is not an audit record; move the file away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(File(c.path), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
	if text, _ := os.ReadFile(foreign); string(text) != "milk\neggs\n" {
		t.Errorf("the foreign file was changed to %q", text)
	}
}

// Two logs stand for two processes, such as an authorization server and a
// gateway that run from one configuration: flock tells them apart by open file.
func TestFile_TwoWritersShareOneChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a, b := open(t, path), open(t, path)
	var both sync.WaitGroup
	for _, l := range []*Log{a, b} {
		both.Go(func() {
			for range 20 {
				if err := l.Commit(t.Context(), one("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	shut(t, a)
	shut(t, b)
	if got := strings.Count(whole(t, path), "\n"); got != 40 {
		t.Errorf("%d lines, want 40", got)
	}
}

func TestFile_FollowsItsPathThroughRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path)
	commit(t, l, "a", "b")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	commit(t, l, "c")
	shut(t, l)
	text := whole(t, path+".1", path)
	if !strings.Contains(text, "moved or removed; the chain continues after line 2.") {
		t.Errorf("the move is not noted:\n%s", text)
	}
}

func TestFile_ACutFileShowsInVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := open(t, path)
	commit(t, l, "a", "b", "c")
	text := whole(t, path)
	if err := os.Truncate(path, int64(len(text)-10)); err != nil {
		t.Fatal(err)
	}
	commit(t, l, "d")
	shut(t, l)
	left, _ := os.ReadFile(path)
	if err := Verify(bytes.NewReader(left)); err == nil || !strings.Contains(err.Error(), "line 3 does not follow") {
		t.Errorf("got %v\n%s", err, left)
	}
	if !strings.Contains(string(left), "A torn line") && !strings.Contains(string(left), "was cut") {
		t.Errorf("the cut is not noted:\n%s", left)
	}
}

func BenchmarkSubmit(b *testing.B) {
	l, err := Open(File(filepath.Join(b.TempDir(), "audit.jsonl")), Options{Queue: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(b.Context())
	r := Record{Time: moment, Event: "api", Verdict: Allow, Issuer: "https://as.example", Client: "demo-partner",
		Subject: "demo-partner", TokenID: "dGhpcyBpcyBhIGp0aQ", Listener: "public", Route: "/accounts/{id}",
		Method: "GET", Source: "192.0.2.1", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", Status: 200}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Submit(r); err != nil && err != ErrFull {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitParallel(b *testing.B) {
	l, err := Open(File(filepath.Join(b.TempDir(), "audit.jsonl")), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(b.Context())
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Commit(b.Context(), one("x")); err != nil {
				b.Error(err)
			}
		}
	})
}

func TestSubmit_AllocatesAtMostTwice(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "audit.jsonl"))
	defer shut(t, l)
	r := one("x")
	if n := testing.AllocsPerRun(1000, func() { _ = l.Submit(r) }); n > 2 {
		t.Errorf("%v allocations for one record, at most 2 are allowed", n)
	}
}
