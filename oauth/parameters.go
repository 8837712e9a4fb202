package oauth

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Parameters are the parameters of one request. Each occurs once (RFC 6749
// §3.2: "Request and response parameters MUST NOT be included more than
// once"), but for resource and audience, which RFC 8707 §2 and RFC 8693 §2.1
// allow to repeat.
type Parameters struct {
	values url.Values
}

// maxParameters bounds how many parameters one request may carry.
const maxParameters = 64

// ParseParameters reads an application/x-www-form-urlencoded body. It refuses
// a repeated parameter, text that is not UTF-8 or holds a NUL, and a malformed
// escape (AS29). A parameter without a value counts as omitted (RFC 6749 §3.2).
func ParseParameters(body string) (Parameters, error) {
	if strings.Count(body, "&") >= maxParameters {
		return Parameters{}, Refuse("AS29", InvalidRequest, "The request has too many parameters.")
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return Parameters{}, Refuse("AS29", InvalidRequest, "The request body is not a well-formed form.").Because(err)
	}
	for name, vs := range values {
		for _, v := range append(vs, name) {
			if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
				return Parameters{}, Refuse("AS29", InvalidRequest, "A parameter is not valid UTF-8 text.")
			}
		}
		if len(vs) > 1 && name != "resource" && name != "audience" {
			return Parameters{}, Refuse("AS29", InvalidRequest, "A parameter occurs more than once.")
		}
	}
	return Parameters{values}, nil
}

// Get returns the parameter's value, "" when it was omitted or empty.
func (p Parameters) Get(name string) string { return p.values.Get(name) }

// Has tells whether the parameter came with a value that is not empty.
func (p Parameters) Has(name string) bool { return p.values.Get(name) != "" }

// All returns every value that is not empty of a parameter that may repeat.
func (p Parameters) All(name string) []string {
	var out []string
	for _, v := range p.values[name] {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
