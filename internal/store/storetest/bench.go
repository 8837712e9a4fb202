package storetest

import (
	"crypto/rand"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/internal/secret"
)

// Benchmark measures what a request waits for: a token stored by one caller at
// a time and by 64 at once, and a key spent among few and among a million
// live ones. Spending the million takes a minute, and -short leaves it out.
func Benchmark(b *testing.B, open Open) {
	b.Run("RedeemMachine", func(b *testing.B) {
		s := open(b, b.TempDir())
		defer func() { _ = s.Close() }()
		redeem := func(b *testing.B) {
			if err := s.RedeemMachine(b.Context(), token(issuer, rand.Text())); err != nil {
				b.Error(err)
			}
		}
		serialAndParallel(b, redeem)
	})
	lives := []int{1_000, 1_000_000}
	if testing.Short() {
		lives = lives[:1]
	}
	for _, live := range lives {
		b.Run("Spend/live="+strconv.Itoa(live), func(b *testing.B) {
			s := open(b, b.TempDir())
			defer func() { _ = s.Close() }()
			fill(b, s, live)
			var n atomic.Int64
			spend := func(b *testing.B) {
				key := secret.DigestOf("bench " + strconv.FormatInt(n.Add(1), 10))
				if won, err := s.Spend(b.Context(), issuer, key, noon.Add(time.Hour), noon); !won || err != nil {
					b.Error(won, err)
				}
			}
			serialAndParallel(b, spend)
		})
	}
}

func serialAndParallel(b *testing.B, f func(b *testing.B)) {
	b.Run("single", func(b *testing.B) {
		for b.Loop() {
			f(b)
		}
	})
	b.Run("parallel=64", func(b *testing.B) {
		b.SetParallelism((contenders + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				f(b)
			}
		})
	})
}

// fill spends so many keys, many at once.
func fill(b *testing.B, s Backend, live int) {
	b.Helper()
	var wg sync.WaitGroup
	for w := range contenders {
		wg.Go(func() {
			for n := w; n < live; n += contenders {
				// As in life, not all expire at once.
				until := noon.Add(time.Hour + time.Duration(n%300)*time.Second)
				if _, err := s.Spend(b.Context(), issuer, secret.DigestOf(strconv.Itoa(n)), until, noon); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
