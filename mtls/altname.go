package mtls

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// The kinds of GeneralName that may be registered (RFC 5280 §4.2.1.6).
const (
	altEmail = 1
	altDNS   = 2
	altURI   = 6
	altIP    = 7
)

var oidAltNames = asn1.ObjectIdentifier{2, 5, 29, 17}

// altNames returns the bytes of the leaf's alternative names of one kind.
// They are read from the extension itself: crypto/x509 hands out URIs that
// were parsed and written anew.
func altNames(leaf *x509.Certificate, kind int) [][]byte {
	var out [][]byte
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidAltNames) {
			continue
		}
		var names []asn1.RawValue
		if rest, err := asn1.Unmarshal(ext.Value, &names); err != nil || len(rest) > 0 {
			return nil
		}
		for _, n := range names {
			if n.Class == asn1.ClassContextSpecific && n.Tag == kind && !n.IsCompound {
				out = append(out, n.Bytes)
			}
		}
	}
	return out
}

func anyAltName(kind int, same func([]byte) bool) func(*certificate) bool {
	return func(c *certificate) bool {
		for _, name := range altNames(c.chain[0], kind) {
			if same(name) {
				return true
			}
		}
		return false
	}
}

// parseDNSName compares names as DNS does, without regard to the case of
// ASCII letters. A wildcard would name more than one client.
func parseDNSName(value string) (func(*certificate) bool, error) {
	if len(value) > 253 {
		return nil, errors.New("a DNS name has at most 253 characters")
	}
	for label := range strings.SplitSeq(value, ".") {
		if !isLabel(label) {
			return nil, errors.New("a DNS name consists of labels of letters, digits, '-' and '_', with dots between, and no wildcard")
		}
	}
	want := lowerASCII(value)
	return anyAltName(altDNS, func(name []byte) bool { return lowerASCII(string(name)) == want }), nil
}

func isLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
}

// parseURI compares URIs byte for byte (RFC 3986 §6.2.1): a SPIFFE id or any
// other name must be registered just as it is in the certificate.
func parseURI(value string) (func(*certificate) bool, error) {
	u, err := url.Parse(value)
	if err != nil || !u.IsAbs() || !isASCII(value) {
		return nil, errors.New("it must be an absolute URI in ASCII")
	}
	return anyAltName(altURI, func(name []byte) bool { return string(name) == value }), nil
}

// parseAddress compares addresses in binary (RFC 5952 §8).
func parseAddress(value string) (func(*certificate) bool, error) {
	addr, err := netip.ParseAddr(value)
	if err != nil || addr.Zone() != "" {
		return nil, errors.New("it must be an IPv4 or IPv6 address without a zone")
	}
	want := addr.AsSlice()
	return anyAltName(altIP, func(name []byte) bool { return bytes.Equal(name, want) }), nil
}

// parseMailbox compares the local part exactly and the host without regard to
// case (RFC 5280 §7.5).
func parseMailbox(value string) (func(*certificate) bool, error) {
	want, ok := splitMailbox(value)
	if !ok {
		return nil, errors.New("it must be an ASCII mail address such as ops@partner.example")
	}
	return anyAltName(altEmail, func(name []byte) bool {
		got, ok := splitMailbox(string(name))
		return ok && got == want
	}), nil
}

type mailbox struct{ local, host string }

func splitMailbox(s string) (mailbox, bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || i == len(s)-1 || !isASCII(s) {
		return mailbox{}, false
	}
	return mailbox{s[:i], lowerASCII(s[i+1:])}, true
}

// isASCII tells whether s is printable ASCII without spaces.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// lowerASCII lowers ASCII letters only. Unicode's rules would take a KELVIN
// SIGN for a k.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
