package jose

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// NumericDate is a JWT time: seconds since the epoch (RFC 7519 §2). A claim
// of type *NumericDate is nil when it is absent.
type NumericDate int64

// maxDate keeps later arithmetic with skews and durations from overflowing
// (the year 9999).
const maxDate = 253402300799

// DateOf converts a time, dropping fractions of a second.
func DateOf(t time.Time) *NumericDate {
	d := NumericDate(t.Unix())
	return &d
}

// Time converts the date back.
func (d NumericDate) Time() time.Time { return time.Unix(int64(d), 0) }

// UnmarshalJSON accepts a JSON number, whole or not, from 1970 to 9999.
func (d *NumericDate) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > maxDate {
		return fmt.Errorf("time claim is not a number of seconds between 1970 and 9999")
	}
	*d = NumericDate(f)
	return nil
}

// Audience is an aud claim: one string, or an array of strings (RFC 7519 §4.1.3).
type Audience struct {
	Values []string
	Array  bool // it came, or is to be written, as an array
}

// OneAudience is an audience of exactly one recipient, written as a string.
func OneAudience(a string) Audience { return Audience{Values: []string{a}} }

// Has tells whether the audience names the recipient.
func (a Audience) Has(recipient string) bool { return slices.Contains(a.Values, recipient) }

// UnmarshalJSON accepts both forms and nothing else.
func (a *Audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil && len(b) > 0 && b[0] == '"' {
		*a = Audience{Values: []string{one}}
		return nil
	}
	var many []string
	if err := json.Unmarshal(b, &many); err != nil || len(b) == 0 || b[0] != '[' {
		return fmt.Errorf("aud is neither a string nor an array of strings")
	}
	*a = Audience{Values: many, Array: true}
	return nil
}

// MarshalJSON writes the form that the value has.
func (a Audience) MarshalJSON() ([]byte, error) {
	if !a.Array && len(a.Values) == 1 {
		return json.Marshal(a.Values[0])
	}
	return json.Marshal(a.Values)
}
