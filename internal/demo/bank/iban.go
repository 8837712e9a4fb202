package bank

import (
	"fmt"
	"strings"
)

// ibanLengths are the lengths of IBANs by country (ISO 13616) to which this
// bank pays.
var ibanLengths = map[string]int{
	"AT": 20, "BE": 16, "CH": 21, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22,
	"IE": 22, "IT": 27, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "SE": 24,
}

// newIBAN puts the check digits between country and account (ISO 7064,
// MOD 97-10).
func newIBAN(country, bban string) string {
	return fmt.Sprintf("%s%02d%s", country, 98-ibanRemainder(country+"00"+bban), bban)
}

// parseIBAN accepts an IBAN with or without the spaces that people write, and
// returns it without.
func parseIBAN(s string) (string, bool) {
	s = strings.ReplaceAll(s, " ", "")
	if len(s) < 4 || ibanLengths[s[:2]] != len(s) || !isDigit(s[2]) || !isDigit(s[3]) {
		return "", false
	}
	for i := range len(s) {
		if !isDigit(s[i]) && !isUpper(s[i]) {
			return "", false
		}
	}
	return s, ibanRemainder(s) == 1
}

// ibanRemainder moves the first four characters to the end, reads letters as
// 10 to 35, and gives the remainder by 97.
func ibanRemainder(iban string) int {
	r := 0
	for _, c := range []byte(iban[4:] + iban[:4]) {
		if isDigit(c) {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
