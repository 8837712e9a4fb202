package sqlstore_test

import (
	"testing"

	"gatehouse.example/internal/store/sqlstore"
	"gatehouse.example/internal/store/storetest"
)

func open(tb testing.TB, dir string) storetest.Backend {
	tb.Helper()
	s, err := sqlstore.Open(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestStore_C3_C6_AS9_AS69_RS10_RS25_Contract(t *testing.T) { storetest.Run(t, open) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, open) }
