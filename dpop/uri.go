package dpop

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxURIBytes bounds the work on one URI; a longer htu does not fit a proof.
const maxURIBytes = 8 << 10

// NormalizeURI brings an absolute http or https URI into the form in which htu
// is compared (RFC 9449 §4.3; RFC 3986 §6.2.2 and §6.2.3): scheme and host in
// lower case, no default port, no query, no fragment, "/" for an empty path,
// percent-encodings in upper case and none for unreserved characters. Dot
// segments stay: who sends them has to sign them.
func NormalizeURI(s string) (string, error) {
	if len(s) > maxURIBytes {
		return "", fmt.Errorf("URI has %d bytes, at most %d are read", len(s), maxURIBytes)
	}
	if err := uriCharacters(s); err != nil {
		return "", err
	}
	s = withoutQuery(s)
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("URI: %w", errors.Unwrap(err)) // without the URI itself
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", errors.New("URI is not an absolute http or https URI")
	}
	if u.User != nil {
		return "", errors.New("URI has user information")
	}
	authority, err := normalAuthority(u)
	if err != nil {
		return "", err
	}
	// The path is taken from the text: url.URL would decode %2F.
	rest, path := s[len(u.Scheme)+len("://"):], "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		path = normalEscapes(rest[i:])
	}
	return u.Scheme + "://" + authority + path, nil
}

// withoutQuery cuts query and fragment off.
func withoutQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		return s[:i]
	}
	return s
}

func normalAuthority(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if host == "" {
		return "", errors.New("URI has no host")
	}
	for i := range len(host) {
		if c := host[i]; c == '%' || c >= 0x80 {
			return "", errors.New("host of the URI has a zone or characters outside ASCII")
		}
	}
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return host, nil
	}
	return host + ":" + port, nil
}

// uriCharacters refuses what RFC 3986 §2 has no place for: such text is read
// differently by different programs.
func uriCharacters(s string) error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case unreserved(c) || strings.IndexByte(":/?#[]@!$&'()*+,;=", c) >= 0:
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return errors.New("URI has a character or a percent-encoding that RFC 3986 does not allow")
		}
	}
	return nil
}

// normalEscapes needs well-formed percent-encodings (RFC 3986 §6.2.2.1, §6.2.2.2).
func normalEscapes(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			out = append(out, path[i])
			continue
		}
		c := unhex(path[i+1])<<4 | unhex(path[i+2])
		if unreserved(c) {
			out = append(out, c)
		} else {
			const upper = "0123456789ABCDEF"
			out = append(out, '%', upper[c>>4], upper[c&15])
		}
		i += 2
	}
	return string(out)
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
