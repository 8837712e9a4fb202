package mtls

import (
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// renderName writes a DER-encoded Name as an RFC 4514 string, "" when it
// cannot be read.
func renderName(der []byte) string {
	n, err := decodeName(der)
	if err != nil {
		return ""
	}
	return n.String()
}

// String writes the name by RFC 4514 §2: the last RDN first.
func (n name) String() string {
	var b strings.Builder
	for i, r := range slices.Backward(n) {
		for j, a := range r {
			if j > 0 {
				b.WriteByte('+')
			}
			a.write(&b)
		}
		if i > 0 {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// write follows RFC 4514 §2.3 and §2.4: a type without a registered short
// name, and a value that is not text, are written as OID and "#" with DER.
func (a attribute) write(b *strings.Builder) {
	t := typesByOID[a.oid]
	named := t != nil && t.short != ""
	if named {
		b.WriteString(t.short)
	} else {
		b.WriteString(a.oid)
	}
	b.WriteByte('=')
	if named && a.isText {
		writeEscaped(b, a.text)
		return
	}
	b.WriteByte('#')
	b.WriteString(strings.ToUpper(hex.EncodeToString(a.encoded())))
}

func (a attribute) encoded() []byte {
	if a.der != nil {
		return a.der
	}
	// Marshalling a UTF8String of valid text cannot fail.
	der, _ := asn1.MarshalWithParams(a.text, "utf8")
	return der
}

// writeEscaped escapes what RFC 4514 §2.4 demands, and every byte outside
// printable ASCII, which it allows: the result is safe in a header field.
func writeEscaped(b *strings.Builder, s string) {
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(b, `\%02X`, c)
			continue
		case strings.IndexByte(`"+,;<>\`, c) >= 0,
			c == ' ' && (i == 0 || i == len(s)-1),
			c == '#' && i == 0:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}

// parseName reads an RFC 4514 string. Spaces around a type, "=", "," and "+"
// are ignored, as RFC 2253 §4 allowed; its quoted values and semicolons are
// refused with a hint.
func parseName(s string) (name, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("it is not UTF-8 text")
	}
	p := &nameParser{s: s}
	var out name
	for {
		r, err := p.relative()
		if err != nil {
			return nil, err
		}
		out = append(out, r)
		if !p.take(',') {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// nameParser reads from s at position i. Each method leaves i after what it
// read: at the end, at a "," or at a "+".
type nameParser struct {
	s string
	i int
}

func (p *nameParser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *nameParser) skipSpaces() {
	for p.take(' ') {
	}
}

func (p *nameParser) errorf(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", p.i+1, fmt.Sprintf(format, args...))
}

func (p *nameParser) relative() (relative, error) {
	var r relative
	for {
		a, err := p.attribute()
		if err != nil {
			return nil, err
		}
		r = append(r, a)
		if !p.take('+') {
			return r, nil
		}
	}
}

func (p *nameParser) attribute() (attribute, error) {
	p.skipSpaces()
	length := strings.IndexAny(p.s[p.i:], "=,+")
	if length < 0 || p.s[p.i+length] != '=' {
		return attribute{}, p.errorf(`an attribute such as CN=value is expected`)
	}
	written := strings.TrimRight(p.s[p.i:p.i+length], " ")
	oid, ok := typeOID(written)
	if !ok {
		return attribute{}, p.errorf("attribute type %q is not known; write its OID in dotted decimals", written)
	}
	p.i += length + 1
	p.skipSpaces()
	if p.take('#') {
		return p.hexValue(oid)
	}
	text, err := p.text()
	if err != nil {
		return attribute{}, err
	}
	return attribute{oid: oid, isText: true, text: text}, nil
}

// hexValue reads "#" hexstring (RFC 4514 §3): the DER of the value.
func (p *nameParser) hexValue(oid string) (attribute, error) {
	rest := p.s[p.i:]
	if end := strings.IndexAny(rest, ",+"); end >= 0 {
		rest = rest[:end]
	}
	der, err := hex.DecodeString(strings.TrimRight(rest, " "))
	if err != nil {
		return attribute{}, p.errorf(`"#" must be followed by pairs of hexadecimal digits`)
	}
	var v asn1.RawValue
	if after, err := asn1.Unmarshal(der, &v); err != nil || len(after) > 0 {
		return attribute{}, p.errorf("the hexadecimal digits are not one DER value")
	}
	p.i += len(rest)
	return decodeValue(oid, v), nil
}

// text reads a string value (RFC 4514 §3). Spaces at its end count only when
// they are escaped.
func (p *nameParser) text() (string, error) {
	var out []byte
	kept := 0 // how much of out stays, spaces at the end or not
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch c {
		case ',', '+':
			return p.ended(out, kept)
		case '"', ';', '<', '>', 0:
			return "", p.errorf(`the character %q must be escaped with a backslash`, c)
		case '\\':
			b, err := p.pair()
			if err != nil {
				return "", err
			}
			out = append(out, b)
			kept = len(out)
			continue
		}
		p.i++
		out = append(out, c)
		if c != ' ' {
			kept = len(out)
		}
	}
	return p.ended(out, kept)
}

func (p *nameParser) ended(out []byte, kept int) (string, error) {
	if !utf8.Valid(out[:kept]) {
		return "", p.errorf("the escaped bytes of the value are not UTF-8 text")
	}
	return string(out[:kept]), nil
}

// pair reads a backslash and what it escapes: a special character or a byte
// as two hexadecimal digits.
func (p *nameParser) pair() (byte, error) {
	rest := p.s[p.i+1:]
	if rest != "" && strings.IndexByte(`\"+,;<> #=`, rest[0]) >= 0 {
		p.i += 2
		return rest[0], nil
	}
	if len(rest) >= 2 {
		if b, err := hex.DecodeString(rest[:2]); err == nil {
			p.i += 3
			return b[0], nil
		}
	}
	return 0, p.errorf("a backslash must be followed by a special character or two hexadecimal digits")
}
