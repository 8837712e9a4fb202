package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// The kinds of value: a single one, or keys with values.
const (
	kindScalar  = yaml.ScalarNode
	kindMapping = yaml.MappingNode
)

// maxText bounds every text of the file.
const maxText = 2000

// text reads a single text; "" means absent, or already reported.
func (v value) text() string {
	if !v.is(kindScalar) {
		return ""
	}
	if v.node.ShortTag() != "!!str" && !v.rule.private {
		v.refuse("is not text unless it stands in quotes")
		return ""
	}
	s := v.node.Value
	if strings.TrimSpace(s) == "" {
		v.fail("is empty; expected %s", v.rule.expects)
		return ""
	}
	if len(s) > maxText || strings.ContainsFunc(s, unicode.IsControl) {
		v.refuse("is too long or not on one line")
		return ""
	}
	return s
}

// refuse reports the value found with what is wrong with it and what is
// allowed; the value itself is left out where it may be a secret.
func (v value) refuse(why string) {
	if v.rule.private || v.node.Kind != kindScalar {
		v.fail("%s; expected %s", why, v.rule.expects)
		return
	}
	v.fail("%s %s; expected %s", show(v.node.Value), why, v.rule.expects)
}

// choice reads one of a few words; "" means wrong, and reported.
func (v value) choice(absent string, words ...string) string {
	if !v.present() {
		return absent
	}
	s := v.text()
	if s != "" && !oneOf(words)(v, s) {
		return ""
	}
	return s
}

// flag reads true or false; absent is the default.
func (v value) flag(absent bool) bool {
	if !v.is(kindScalar) {
		return absent
	}
	switch {
	case v.node.ShortTag() == "!!bool" && v.node.Value == "true":
		return true
	case v.node.ShortTag() == "!!bool" && v.node.Value == "false":
		return false
	}
	v.refuse("is neither")
	return absent
}

// number reads a whole number from low to high.
func (v value) number(absent, low, high int) int {
	if !v.is(kindScalar) {
		return absent
	}
	n, err := strconv.Atoi(v.node.Value)
	if v.node.ShortTag() == "!!str" {
		v.refuse("is a text")
		return absent
	}
	if err != nil || v.node.ShortTag() != "!!int" || n < low || n > high {
		v.refuse("is not allowed")
		return absent
	}
	return n
}

// duration reads a time with its unit, from low to high.
func (v value) duration(absent, low, high time.Duration) time.Duration {
	if !v.is(kindScalar) {
		return absent
	}
	d, err := time.ParseDuration(v.node.Value)
	if err != nil {
		v.refuse("is not a time with a unit (s, m or h)")
		return absent
	}
	if d < low || d > high {
		v.refuse("is out of bounds")
		return absent
	}
	return d
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,9})(B|KB|MB|GB)$`)

var sizeUnits = map[string]int64{"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}

// The bounds of a request's body.
const (
	minBody = 1e3
	maxBody = 1e9
)

// size reads a number of bytes with its unit, a power of 1000.
func (v value) size(absent int64) int64 {
	if !v.is(kindScalar) {
		return absent
	}
	m := sizeForm.FindStringSubmatch(v.node.Value)
	if m == nil {
		v.refuse("is not a size with a unit (KB, MB or GB)")
		return absent
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // nine digits always fit
	n *= sizeUnits[m[2]]                   // at most 1e18
	if n < minBody || n > maxBody {
		v.refuse("is out of bounds")
		return absent
	}
	return n
}

var labelForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// label reads a short name that may become a metrics label.
func (v value) label() string {
	s := v.text()
	if s != "" && !labelForm.MatchString(s) {
		v.refuse("is not such a name")
	}
	return s
}

// reason reads why something unsafe is wanted, and writes it down.
func (v value) reason() string {
	s := v.text()
	if s != "" {
		v.d.unsafe = append(v.d.unsafe, Unsafe{Key: v.path, Line: v.node.Line, Reason: s})
	}
	return s
}
