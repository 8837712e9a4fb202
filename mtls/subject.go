package mtls

import (
	"errors"
	"fmt"
)

// Subject is what a client of tls_client_auth registered to be known by: one
// field of RFC 8705 §2.1.2 with its value. The zero value matches nothing.
type Subject struct{ s *subject }

type subject struct {
	field   string
	value   string
	matches func(*certificate) bool
}

// fields are the registered metadata fields and how each reads its value.
var fields = []struct {
	name  string
	parse func(value string) (func(*certificate) bool, error)
}{
	{"tls_client_auth_subject_dn", parseSubjectDN},
	{"tls_client_auth_san_dns", parseDNSName},
	{"tls_client_auth_san_uri", parseURI},
	{"tls_client_auth_san_ip", parseAddress},
	{"tls_client_auth_san_email", parseMailbox},
}

// maxSubject bounds the text of a registered field, in bytes.
const maxSubject = 4096

// ParseSubject reads the registered value of one of the fields
// tls_client_auth_subject_dn (an RFC 4514 string), _san_dns, _san_uri,
// _san_ip and _san_email (RFC 8705 §2.1.2). The error says what is wrong with
// the value, for the one who wrote it.
func ParseSubject(field, value string) (Subject, error) {
	for _, f := range fields {
		if f.name != field {
			continue
		}
		if value == "" || len(value) > maxSubject {
			return Subject{}, fmt.Errorf("%s must have from 1 to %d bytes", field, maxSubject)
		}
		matches, err := f.parse(value)
		if err != nil {
			return Subject{}, fmt.Errorf("%s is not valid: %w", field, err)
		}
		return Subject{&subject{field, value, matches}}, nil
	}
	return Subject{}, errors.New("the subject field must be one of tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip and _san_email")
}

// Present tells whether a subject is registered at all.
func (s Subject) Present() bool { return s.s != nil }

// String gives the field and its value as registered.
func (s Subject) String() string {
	if s.s == nil {
		return "no subject"
	}
	return s.s.field + "=" + s.s.value
}

// Matches tells whether the certificate is the registered subject's. It says
// nothing about trust: the chain is validated before (RFC 8705 §2.1).
func (s Subject) Matches(c Certificate) bool {
	return s.s != nil && c.c != nil && s.s.matches(c.c)
}

func parseSubjectDN(value string) (func(*certificate) bool, error) {
	registered, err := parseName(value)
	if err != nil {
		return nil, err
	}
	return func(c *certificate) bool {
		presented, err := decodeName(c.chain[0].RawSubject)
		return err == nil && registered.equal(presented)
	}, nil
}
