// Command gateway measures what one request through the Gatehouse gateway
// costs, in CPU time, beside nginx as a plain TLS proxy.
//
// Both proxies run pinned to the same core, one at a time under load; the load
// generator and the upstream (nginx, over TLS, answering a fixed JSON body)
// run on another. The rows are interleaved within each round, so that a slow
// minute of the machine touches all of them. CPU time is the scheduler's own
// account of the proxy's threads (/proc/PID/task/*/schedstat). A row reports
// the median over the rounds, its spread, and the ratio to nginx of the
// medians.
//
// In every Gatehouse row the upstream assertion and the audit log are on:
//
//	token seen before     certificate-bound token, the same on every request
//	every token new       certificate-bound, no token is seen twice
//	token + DPoP          the same token, a fresh proof on every request
//	every assertion new   as the first row, no path is seen twice
//
// Run it with: go run ./bench/gateway (needs nginx and two cores).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 9, "rounds per row")
	requests := flag.Int("requests", 4000, "requests per row and round")
	connections := flag.Int("connections", 16, "kept-alive connections")
	keep := flag.Bool("keep", false, "keep the work folder and say where it is")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *requests, *connections, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is one line of the table: requests against one proxy.
type row struct {
	name    string
	pid     int
	target  string              // origin
	limit   float64             // ratio to nginx that is to be reached; 0 for none
	request func(n int) request // the n-th request of the whole run
	costs   []time.Duration     // CPU per request, one a round
}

func run(ctx context.Context, rounds, requests, connections int, keep bool) error {
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("work folder:", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	bed, err := newBed(ctx, dir)
	if err != nil {
		return err
	}
	defer bed.stop()

	rows := bed.rows()
	total := (rounds + 1) * requests
	fmt.Printf("%d rounds of %d requests a row, %d connections; making tokens and proofs …\n", rounds, requests, connections)
	if err := bed.prepare(total); err != nil {
		return err
	}
	for round := -1; round < rounds; round++ { // round -1 warms up
		for i := range rows {
			r := &rows[i]
			from := (round + 1) * requests
			if err := bed.freshProofs(r, from, requests); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			cost, err := bed.measure(ctx, r, from, requests, connections)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if round >= 0 {
				r.costs = append(r.costs, cost)
			}
		}
	}
	print(rows)
	return nil
}

func print(rows []row) {
	base := median(rows[0].costs)
	fmt.Printf("\n%-28s %12s %20s %9s %9s\n", "row", "CPU/request", "spread (min-max)", "x nginx", "to reach")
	for _, r := range rows {
		m := median(r.costs)
		limit := ""
		if r.limit > 0 {
			limit = fmt.Sprintf("<= %.1f", r.limit)
		}
		fmt.Printf("%-28s %9.1f us %8.1f - %6.1f us %9.2f %9s\n", r.name, micros(m),
			micros(slices.Min(r.costs)), micros(slices.Max(r.costs)), float64(m)/float64(base), limit)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func median(d []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/2]
}
