package recent

import (
	"strings"
	"sync"
	"testing"
	"unsafe"
)

func TestCacheRemembersWhatIsUsed(t *testing.T) {
	c := New[int, int](1000)
	c.Put(-1, 42, 10)
	for i := range 10_000 {
		c.Put(i, i, 10)
		if got := c.Bytes(); got > 1000 {
			t.Fatalf("after %d entries the cache holds %d bytes, its limit is 1000", i, got)
		}
		if v, ok := c.Get(-1); !ok || v != 42 {
			t.Fatalf("an entry that is used all the time was forgotten after %d others", i)
		}
	}
	if _, ok := c.Get(0); ok {
		t.Error("an entry that nobody used is still there")
	}
	if v, ok := c.Get(9_999); !ok || v != 9_999 {
		t.Error("the newest entry is not there")
	}
}

func TestCacheReplacesAndDrops(t *testing.T) {
	c := New[string, string](100)
	c.Put("a", "one", 10)
	c.Put("a", "two", 20)
	if v, _ := c.Get("a"); v != "two" || c.Bytes() != 20 {
		t.Errorf("after a replacement: %q in %d bytes", v, c.Bytes())
	}
	c.Drop("a")
	if _, ok := c.Get("a"); ok || c.Bytes() != 0 {
		t.Error("a dropped entry is still there")
	}
	c.Put("giant", "", 51)
	if _, ok := c.Get("giant"); ok {
		t.Error("an entry larger than half of the cache was kept")
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	c := New[int, int](400)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				c.Put(i%50, i, 10)
				c.Get((i + g) % 50)
				c.Drop(i % 7)
			}
		})
	}
	all.Wait()
	if got := c.Bytes(); got < 0 || got > 400 {
		t.Errorf("the cache holds %d bytes, its limit is 400", got)
	}
}

func BenchmarkGet(b *testing.B) {
	c := New[[32]byte, *int](1 << 20)
	var key [32]byte
	c.Put(key, new(int), 100)
	b.ReportAllocs()
	for b.Loop() {
		c.Get(key)
	}
}

// A key may be a slice of a whole request line, which the cache does not count.
func TestCacheKeepsTheKeyThatWasPut(t *testing.T) {
	c := New[string, int](100)
	c.Put("kept", 1, 40)
	c.Put("other", 2, 40) // the next generation
	asked := strings.Clone("kept")
	if _, found := c.Get(asked); !found {
		t.Fatal("the entry is gone")
	}
	for _, g := range []generation[string, int]{c.young, c.old} {
		for key := range g.entries {
			if unsafe.StringData(key) == unsafe.StringData(asked) {
				t.Error("the cache keeps the key of whoever asked last")
			}
		}
	}
}
