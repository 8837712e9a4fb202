// Package clock is the one source of time.
//
// Invariant: no other package of a server calls time.Now to decide something;
// it is handed a [Clock]. Deadlines and latencies, which decide nothing about
// a token, may use the time package directly.
package clock

import "time"

// Clock tells the present time.
type Clock func() time.Time

// System is the machine's clock.
func System() time.Time { return time.Now() }
