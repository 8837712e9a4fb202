package mtls

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// name is a distinguished name as a sequence of RDNs, in the order of the
// encoding: the most general first.
type name []relative

// relative is one RDN: a set of attributes, most often a single one.
type relative []attribute

// attribute is a type and a value. A value of one of ASN.1's string types is
// text; of any other value only its DER is known.
type attribute struct {
	oid    string
	isText bool
	text   string
	der    []byte // nil when it was written as a plain string
}

// equal compares as distinguishedNameMatch does (RFC 4517 §4.2.15): as many
// RDNs in the same order, each with the same set of attributes.
func (n name) equal(o name) bool {
	return slices.EqualFunc(n, o, relative.equal)
}

func (r relative) equal(o relative) bool {
	if len(r) != len(o) {
		return false
	}
	left := slices.Clone(o)
	for _, a := range r {
		i := slices.IndexFunc(left, a.equal)
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

func (a attribute) equal(o attribute) bool {
	switch {
	case a.oid != o.oid || a.isText != o.isText:
		return false
	case !a.isText:
		return bytes.Equal(a.der, o.der)
	case typesByOID[a.oid] != nil:
		return folded(oneSpaced(a.text)) == folded(oneSpaced(o.text))
	}
	return a.text == o.text
}

// oneSpaced drops the spaces around a value and makes each run of spaces in
// it one (RFC 4518 §2.6.1). Line breaks, NO-BREAK SPACE and the like are no
// spaces here, although RFC 4518 §2.2 makes them so: they look like one, and a
// name that only looks like a client's is not the client's.
func oneSpaced(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// folded takes the difference between upper and lower case away. For the same
// reason letters of ASCII fold among themselves only: Unicode would make a k of
// the KELVIN SIGN and an s of the long one.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		lower := unicode.ToLower(unicode.ToUpper(r))
		if (lower < utf8.RuneSelf) != (r < utf8.RuneSelf) {
			return r
		}
		return lower
	}, s)
}

// The shape of a Name (RFC 5280 §4.1.2.4). encoding/asn1 reads a SET OF for a
// type whose name ends in SET.
type (
	rawAttribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	rawRelativeSET []rawAttribute
)

var errName = errors.New("the subject is not a well-formed name")

// decodeName reads a DER-encoded Name.
func decodeName(der []byte) (name, error) {
	var raw []rawRelativeSET
	if rest, err := asn1.Unmarshal(der, &raw); err != nil || len(rest) > 0 {
		return nil, errName
	}
	out := make(name, 0, len(raw))
	for _, set := range raw {
		var r relative
		for _, a := range set {
			r = append(r, decodeValue(a.Type.String(), a.Value))
		}
		if r == nil {
			return nil, errName
		}
		out = append(out, r)
	}
	return out, nil
}

func decodeValue(oid string, v asn1.RawValue) attribute {
	a := attribute{oid: oid, der: v.FullBytes}
	if v.Class == asn1.ClassUniversal && !v.IsCompound {
		a.text, a.isText = decodeText(v.Tag, v.Bytes)
	}
	return a
}

const tagVisibleString, tagUniversalString = 26, 28

// decodeText reads a value of a string type; ok is false for any other type
// and for bytes that the type does not allow.
func decodeText(tag int, b []byte) (text string, ok bool) {
	switch tag {
	case asn1.TagUTF8String:
		return string(b), utf8.Valid(b)
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString, tagVisibleString:
		return string(b), !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
	case asn1.TagT61String:
		// What is in certificates under this tag is Latin-1 in practice.
		return wide(b, 1)
	case asn1.TagBMPString:
		return wide(b, 2)
	case tagUniversalString:
		return wide(b, 4)
	}
	return "", false
}

// wide reads characters of a fixed number of bytes, big end first.
func wide(b []byte, width int) (string, bool) {
	if len(b)%width != 0 {
		return "", false
	}
	var out strings.Builder
	for c := range slices.Chunk(b, width) {
		var r uint32
		for _, x := range c {
			r = r<<8 | uint32(x)
		}
		if r > utf8.MaxRune || utf16.IsSurrogate(rune(r)) {
			return "", false
		}
		out.WriteRune(rune(r))
	}
	return out.String(), true
}
