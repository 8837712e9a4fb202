package resource_test

import (
	"testing"

	"gatehouse.example/resource"
)

func BenchmarkDecide(b *testing.B) {
	run := func(name string, prepare func(bed *bed, n int) []resource.Facts) {
		b.Run(name, func(b *testing.B) {
			bed := newBed(b, func(c *resource.Config) {
				replay, err := resource.MemoryReplay(start.Add(-3600e9), 10_000_000)
				if err != nil {
					b.Fatal(err)
				}
				c.Replay = replay
			})
			facts := prepare(bed, b.N)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if _, err := bed.decide(facts[i%len(facts)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("token seen before", func(bed *bed, _ int) []resource.Facts {
		f := bed.withCertificate(bed.token(bed.byCertificate()), bed.peer(bed.certificate))
		if _, err := bed.decide(f); err != nil {
			b.Fatal(err)
		}
		return []resource.Facts{f}
	})
	run("token new", func(bed *bed, n int) []resource.Facts {
		peer := bed.peer(bed.certificate)
		facts := make([]resource.Facts, n)
		for i := range facts {
			facts[i] = bed.withCertificate(bed.token(bed.byCertificate(), set("n", i)), peer)
		}
		return facts
	})
	run("token seen before and DPoP", func(bed *bed, n int) []resource.Facts {
		token := bed.token()
		facts := make([]resource.Facts, n)
		for i := range facts {
			facts[i] = bed.withProof(token)
		}
		return facts
	})
}

func BenchmarkGatewayAssertion(b *testing.B) {
	bank := newBank(b)
	r := forwarded(bank.good())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bank.verifier.Judge(r, false); err != nil {
			b.Fatal(err)
		}
	}
}
