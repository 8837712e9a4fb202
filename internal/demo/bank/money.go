package bank

import (
	"fmt"
	"strings"
)

// money is an amount in the smallest unit of its currency, of which each
// currency here has a hundred to one.
type money int64

// maxAmount is the largest amount that is read: ten million.
const maxAmount = 10_000_000_00

// parseMoney reads an amount with exactly two decimals, such as "-12.50".
func parseMoney(s string) (money, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, cents, ok := strings.Cut(digits, ".")
	if !ok || len(cents) != 2 || whole == "" || len(whole) > 8 || whole[0] == '0' && whole != "0" {
		return 0, false
	}
	var m money
	for _, c := range []byte(whole + cents) {
		if !isDigit(c) {
			return 0, false
		}
		m = m*10 + money(c-'0')
	}
	if m > maxAmount {
		return 0, false
	}
	if negative {
		m = -m
	}
	return m, true
}

// String gives the form that parseMoney reads.
func (m money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// MarshalText makes amounts strings in JSON, which no reader rounds.
func (m money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
