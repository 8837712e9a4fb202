package fapiclient

import (
	"errors"
	"net/http"
	"strings"
)

// Challenge is one challenge of a WWW-Authenticate field (RFC 9110 §11.6.1).
type Challenge struct {
	Scheme string // as it was sent; compare with [strings.EqualFold] (RS12)
	// Parameters by lower-case name, values unquoted and safe to print.
	Parameters map[string]string
}

// Is tells whether the challenge is of the scheme, in any case (RS12).
func (c Challenge) Is(scheme string) bool { return strings.EqualFold(c.Scheme, scheme) }

// maxChallenges bounds how many challenges of one answer are read.
const maxChallenges = 16

var errChallenge = errors.New("WWW-Authenticate is malformed")

// ReadChallenges reads every WWW-Authenticate field of an answer. A field
// that is malformed is passed over whole.
func ReadChallenges(h http.Header) []Challenge {
	var all []Challenge
	for _, field := range h.Values("WWW-Authenticate") {
		challenges, err := parseChallenges(field)
		if err == nil && len(all)+len(challenges) <= maxChallenges {
			all = append(all, challenges...)
		}
	}
	return all
}

// demandsNonce tells whether an API refused only for want of a nonce, and gave
// one (RFC 9449 §9).
func demandsNonce(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized || newNonce(resp.Header) == "" {
		return false
	}
	for _, c := range ReadChallenges(resp.Header) {
		if c.Is("DPoP") && c.Parameters["error"] == "use_dpop_nonce" {
			return true
		}
	}
	return false
}

// parseChallenges reads a comma-separated list in which a comma may end a
// parameter or a challenge: an item that reads name=value is a parameter of
// the challenge before it, any other item begins a challenge. The token68 form,
// which no scheme of ours has, is malformed here.
func parseChallenges(field string) ([]Challenge, error) {
	items, err := splitList(field)
	if err != nil {
		return nil, err
	}
	var out []Challenge
	for _, item := range items {
		word, rest := cutToken(item)
		if word == "" {
			return nil, errChallenge
		}
		parameter := item
		if !strings.HasPrefix(strings.TrimLeft(rest, " \t"), "=") {
			out = append(out, Challenge{Scheme: word, Parameters: map[string]string{}})
			if parameter = strings.TrimLeft(rest, " \t"); parameter == "" {
				continue
			}
			if len(parameter) == len(rest) {
				return nil, errChallenge // no space after the scheme
			}
		}
		if len(out) == 0 {
			return nil, errChallenge
		}
		if err := readParameter(parameter, out[len(out)-1].Parameters); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readParameter reads one name=value; a name that comes twice is malformed.
func readParameter(s string, into map[string]string) error {
	name, rest := cutToken(s)
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
	value, good := unquote(strings.TrimLeft(rest, " \t"))
	name = strings.ToLower(name)
	if _, twice := into[name]; !ok || !good || name == "" || twice {
		return errChallenge
	}
	into[name] = printable(value)
	return nil
}

// splitList cuts at the commas outside quoted strings; empty items vanish
// (RFC 9110 §5.6.1).
func splitList(field string) ([]string, error) {
	var items []string
	start, quoted := 0, false
	add := func(end int) {
		if item := strings.Trim(field[start:end], " \t"); item != "" {
			items = append(items, item)
		}
		start = end + 1
	}
	for i := 0; i < len(field); i++ {
		switch c := field[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			add(i)
		}
	}
	if quoted {
		return nil, errChallenge
	}
	if start < len(field) {
		add(len(field))
	}
	return items, nil
}

// cutToken takes a token of RFC 9110 §5.6.2 from the front; "" when there is none.
func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && isTokenChar(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

func isTokenChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// unquote reads a whole token or a whole quoted string (RFC 9110 §5.6.4).
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		token, rest := cutToken(s)
		return token, token != "" && rest == ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			if i++; i == len(s) {
				return "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
