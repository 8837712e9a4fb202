package edge_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/internal/edge"
)

func TestWatchTellsOfChangedContent(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "server.pem"), filepath.Join(dir, "mounted.pem")
	put := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	point := func(target string) {
		t.Helper()
		_ = os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	put(file, "one")
	put(filepath.Join(dir, "v1"), "first")
	put(filepath.Join(dir, "v2"), "second")
	point("v1")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		done := make(chan struct{})
		go func() {
			edge.Observe(file, link).Watch(ctx, 5*time.Second, func() { calls.Add(1) })
			close(done)
		}()
		synctest.Wait()
		for _, c := range []struct {
			name string
			do   func()
			want int64
		}{
			{"nothing", func() {}, 0},
			{"written anew with the same content", func() { put(file, "one") }, 0},
			{"other content", func() { put(file, "two") }, 1},
			{"link to another file", func() { point("v2") }, 1},
			{"removed", func() { _ = os.Remove(file) }, 1},
			{"still missing", func() {}, 0},
			{"back", func() { put(file, "two") }, 1},
			{"both at once", func() { put(file, "three"); point("v1") }, 1},
		} {
			c.do()
			<-time.After(5 * time.Second)
			synctest.Wait()
			if got := calls.Swap(0); got != c.want {
				t.Errorf("%s: called %d times", c.name, got)
			}
		}
		cancel()
		<-done
	})
}

func TestSamplerBoundsAFlood(t *testing.T) {
	var s edge.Sampler
	lines := 0
	for range 1000 {
		if ok, _ := s.Allow(start); ok {
			lines++
		}
	}
	if lines != 10 {
		t.Errorf("%d lines in a second", lines)
	}
	if ok, muted := s.Allow(start.Add(time.Second)); !ok || muted != 990 {
		t.Errorf("next second: %v, %d muted", ok, muted)
	}
}
