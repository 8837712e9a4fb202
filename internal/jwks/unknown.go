package jwks

import (
	"crypto/sha256"
	"time"
)

const (
	unknownFor = 10 * time.Second // RS24
	maxUnknown = 10_000           // RS24
)

// unknownKids are the kids that a fetch has just looked for in vain: tokens
// that name one are refused without another look. They are kept as digests, for
// a kid is as long as its sender likes. When the memory is full a kid is not
// taken in; the spacing of fetches then bounds what it can cause.
type unknownKids struct {
	until map[[sha256.Size]byte]time.Time
	order [][sha256.Size]byte // as added, so roughly as they lapse
}

func (u *unknownKids) has(kid string, now time.Time) bool {
	left := u.until[sha256.Sum256([]byte(kid))].Sub(now)
	return left > 0 && left <= unknownFor // more is left only if the clock was set back
}

// add remembers the kid for 10 s from when the look began, so that a key that
// was published just after it is found by the next one.
func (u *unknownKids) add(kid string, looked, now time.Time) {
	for len(u.order) > 0 && !now.Before(u.until[u.order[0]]) {
		delete(u.until, u.order[0])
		u.order = u.order[1:]
	}
	d := sha256.Sum256([]byte(kid))
	if _, known := u.until[d]; !known {
		if len(u.until) >= maxUnknown {
			return
		}
		u.order = append(u.order, d)
	}
	u.until[d] = looked.Add(unknownFor)
}
