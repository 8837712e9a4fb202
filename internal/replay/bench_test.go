package replay_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
)

// BenchmarkMemory spends one new key a call while so many are live. As time
// goes on in step, each call also forgets what has expired, so the number of
// live keys stays.
func BenchmarkMemory(b *testing.B) {
	for _, live := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			const life = 90 * time.Second
			m, tick, n := replay.NewMemory(start, 2*live), life/time.Duration(live), 0
			spendOne := func() {
				now := start.Add(time.Duration(n) * tick)
				if won, err := m.Spend(context.Background(), issuer, numbered(n), now.Add(life), now); !won {
					b.Fatalf("call %d: %v", n, err)
				}
				n++
			}
			before := heap()
			for range live {
				spendOne()
			}
			perKey := float64(heap()-before) / float64(live)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				spendOne()
			}
			b.ReportMetric(perKey, "B/key")
			runtime.KeepAlive(m)
		})
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		replay.Key("dpop", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "I2DGTTPPRK6WLD4CX2BJFJVQDZ")
	}
}

// numbered is a key as spread over all values as a real one, without its cost.
func numbered(n int) secret.Digest {
	return secret.DigestOf(strconv.Itoa(n))
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
