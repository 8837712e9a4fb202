package jwks_test

import (
	"testing"

	"gatehouse.example/internal/jwks"
	"gatehouse.example/internal/protocol/jose"
)

// BenchmarkCurrent is what every request pays.
func BenchmarkCurrent(b *testing.B) {
	c, err := jwks.New(newAuthority("one", "two").config())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := c.Find(b.Context(), jose.Header{Algorithm: "ES256", KeyID: "one"}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, ok := c.Current(); !ok {
				b.Fatal("no keys")
			}
		}
	})
}
