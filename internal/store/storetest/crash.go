package storetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/secret"
)

const (
	// crashDir tells a test process that it is the one to be killed, and
	// where its store is.
	crashDir = "STORETEST_CRASH_DIR"

	crashes         = 3
	crashWorkers    = 8
	crashAfterLines = 400 // acknowledged writes before the kill
)

// crashed kills a process that writes, opens its store again, and looks for
// each write that the process had acknowledged.
func crashed(t *testing.T, open Open) {
	t.Run("C3 AS9 AS69 RS10 nothing acknowledged is lost to kill -9", func(t *testing.T) {
		dir := t.TempDir()
		var acknowledged []string
		for range crashes {
			acknowledged = append(acknowledged, writeAndKill(t, dir)...)
			b := open(t, dir)
			for _, line := range acknowledged {
				wantKept(t, b, line)
			}
			id := fmt.Sprint("after ", len(acknowledged))
			wantSpend(t, b, issuer, secret.DigestOf(id), noon.Add(time.Hour), noon, true)
			issue(t, b, token(issuer, id), nil)
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if t.Failed() {
				return
			}
		}
	})
}

// writeAndKill runs this test binary again as the writer, kills it in the
// middle of its work, and returns what it had acknowledged.
func writeAndKill(t *testing.T, dir string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+top+"$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	var said strings.Builder
	// What the pipe still holds after the kill was acknowledged too.
	for s := bufio.NewScanner(out); s.Scan(); {
		line, ok := strings.CutPrefix(s.Text(), "ack ")
		if !ok {
			said.WriteString(s.Text() + "\n")
			continue
		}
		if line, ok = strings.CutSuffix(line, " end"); !ok {
			continue // cut off by the kill
		}
		if lines = append(lines, line); len(lines) == crashAfterLines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if len(lines) < crashAfterLines {
		t.Fatalf("the writer ended by itself after %d writes: %s%s", len(lines), said.String(), stderr.String())
	}
	return lines
}

// workUntilKilled spends keys and issues tokens, and prints each one after the
// store has acknowledged it. It ends only by being killed, or with its reader.
func workUntilKilled(t *testing.T, open Open, dir string) {
	b := open(t, dir)
	fail := make(chan error)
	for w := range crashWorkers {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d/%d/%d", os.Getpid(), w, n)
				if err := workOnce(t, b, id); err != nil {
					fail <- err
					return
				}
			}
		}()
	}
	t.Fatal(<-fail)
}

func workOnce(t *testing.T, b Backend, id string) error {
	won, err := b.Spend(t.Context(), issuer, secret.DigestOf(id), noon.Add(time.Hour), noon)
	if err != nil || !won {
		return fmt.Errorf("spend %s: won %v, %w", id, won, err)
	}
	if err := acknowledge("spent", id); err != nil {
		return err
	}
	if err := b.RedeemMachine(t.Context(), token(issuer, id)); err != nil {
		return fmt.Errorf("redeem %s: %w", id, err)
	}
	return acknowledge("issued", id)
}

// acknowledge writes one line in one write, so that lines do not mix.
func acknowledge(what, id string) error {
	_, err := fmt.Fprintf(os.Stdout, "ack %s %s end\n", what, id)
	return err
}

func wantKept(t *testing.T, b Backend, line string) {
	t.Helper()
	what, id, _ := strings.Cut(line, " ")
	switch what {
	case "spent":
		won, err := b.Spend(t.Context(), issuer, secret.DigestOf(id), noon.Add(time.Hour), noon)
		if won || err != nil {
			t.Errorf("key %s was spent before the crash; now: won %v, %v", id, won, err)
		}
	case "issued":
		if err := b.RedeemMachine(t.Context(), token(issuer, id)); !errors.Is(err, grant.ErrIssuedBefore) {
			t.Errorf("token %s was issued before the crash; now: %v", id, err)
		}
	default:
		t.Errorf("line %q is not an acknowledgement", line)
	}
}
