package sqlstore

import (
	"context"
	"errors"
	"time"

	"gatehouse.example/internal/clock"
)

const (
	// sweepLength keeps each sweep so short that no other write waits for it
	// longer than for any commit.
	sweepLength = 500 // rows
	// grace is how long an expired row is kept. Requests carry times of
	// their own, and a clock may be set back a little: a spent thing must not
	// come back by that.
	grace = 5 * time.Minute
	// sweepEvery is how often KeepHouse sweeps.
	sweepEvery = time.Minute
)

// Housekeep deletes the rows that expired more than five minutes before now,
// in small transactions between the other writes, and returns how many. It
// decides nothing: what is expired is refused whether its row is there or not.
func (s *Store) Housekeep(ctx context.Context, now time.Time) (removed int, err error) {
	spent, err1 := s.short.sweep(ctx, forgetSpent, now)
	tokens, err2 := s.durable.sweep(ctx, forgetTokens, now)
	return spent + tokens, errors.Join(err1, err2)
}

// KeepHouse runs [Store.Housekeep] every minute until ctx is done, and tells
// failed about its errors.
func (s *Store) KeepHouse(ctx context.Context, now clock.Clock, failed func(error)) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := s.Housekeep(ctx, now()); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

func (d *database) sweep(ctx context.Context, s statement, now time.Time) (removed int, err error) {
	for {
		var n int64
		err := d.write(ctx, func(tx *transaction) error {
			var err error
			n, err = tx.exec(s, now.Add(-grace).UnixMicro(), sweepLength)
			return err
		})
		if err != nil {
			return removed, err
		}
		if removed += int(n); n < sweepLength {
			return removed, nil
		}
	}
}
