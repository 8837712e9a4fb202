package sqlstore

import "time"

// Times are stored as microseconds since 1970 (UTC), in integers that every
// database has.

// lastMoment is the end of the year 9999. A later time is stored as this one:
// far away either way, and out of the reach of integer overflow.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// moment gives the stored form of t. A part of a microsecond counts as a whole
// one, so that nothing is forgotten before its time.
func moment(t time.Time) int64 {
	if t.After(lastMoment) {
		t = lastMoment
	}
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	return us
}

func momentOf(us int64) time.Time { return time.UnixMicro(us).UTC() }
