package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// claim reports the second use of a name, an address or the like where each
// must be one of a kind, and says where the first one is.
func (v value) claim(kind, name string) {
	if name == "" {
		return
	}
	if !v.d.chosen(v.path) { // it runs elsewhere, where addresses are free again
		kind = "elsewhere " + kind
	}
	first, taken := v.d.claims[kind+" "+name]
	if taken {
		v.fail("%s is given already by %s on line %d", show(name), first.path, first.at.Line)
		return
	}
	v.d.claims[kind+" "+name] = v
}

// address reads "host:port" to listen on, and claims it. Port 0 (any free
// port) may be claimed again.
func (v value) address() string {
	s := v.text()
	if s == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(s)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || !plausibleHost(host) {
		v.refuse("is not an address")
		return ""
	}
	if n != 0 {
		v.claim("address", net.JoinHostPort(host, port))
	}
	return s
}

// plausibleHost admits a name, an IP address, or nothing (every interface).
func plausibleHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return true
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	})
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopbackHost(host)
}

func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// hasPrivateHost tells whether a URL's own host says that it is not on the
// internet: localhost, or an address that is loopback or private.
func hasPrivateHost(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return isLoopbackHost(u.Hostname()) || err == nil && ip.Unmap().IsPrivate()
}

// secureURL reads an https URL that names or reaches something: absolute,
// without user, query or fragment (AS2 for issuers), and in the one form in
// which comparing text is right: lower-case host, no default port.
func (v value) secureURL() *url.URL {
	s := v.text()
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" {
		v.refuse("is not an absolute URL")
		return nil
	}
	wrong := ""
	switch {
	case u.Scheme == "http":
		wrong = "is plain http; only https is used (N1)"
	case u.Scheme != "https":
		wrong = "is not an https URL"
	case u.User != nil:
		wrong = "holds a user name"
	case u.RawQuery != "" || u.ForceQuery:
		wrong = "has a query (AS2)"
	case strings.Contains(s, "#"):
		wrong = "has a fragment (AS2)"
	case u.Host != strings.ToLower(u.Host) || !strings.HasPrefix(s, "https://"):
		wrong = "is not written in lower case up to its path"
	case u.Port() == "443" || strings.HasSuffix(u.Host, ":"):
		wrong = "names https's own port; leave it out"
	case !goodHost(u) || strings.Contains(u.EscapedPath(), "//") || hasDots(u.Path):
		wrong = "has a host, port or path that is not in plain form"
	default:
		return u
	}
	v.refuse(wrong)
	return nil
}

func goodHost(u *url.URL) bool {
	if u.Hostname() == "" || !plausibleHost(u.Hostname()) {
		return false
	}
	if u.Port() == "" {
		return true
	}
	_, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil
}

func hasDots(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// origin reads an https origin: scheme, host and port, nothing after it.
func (v value) origin() string {
	u := v.secureURL()
	if u == nil {
		return ""
	}
	if u.Path != "" {
		v.refuse("has a path, be it only the final slash")
		return ""
	}
	return u.String()
}

// ownURL reads the URL of an issuer of ours, under which paths are made.
func (v value) ownURL() string {
	u := v.secureURL()
	if u == nil {
		return ""
	}
	if strings.HasSuffix(u.Path, "/") {
		v.refuse("ends with a slash; leave it out, for issuers are compared as text")
		return ""
	}
	return v.node.Value
}

// otherURL reads a URL that somebody else chose, a final slash included.
func (v value) otherURL() string {
	if v.secureURL() == nil {
		return ""
	}
	return v.node.Value
}

// audience reads the name of an API: an https URL, or a urn.
func (v value) audience() string {
	if !v.is(kindScalar) {
		return ""
	}
	if urn, ok := strings.CutPrefix(v.node.Value, "urn:"); ok && v.node.ShortTag() == "!!str" {
		if urn == "" || strings.ContainsFunc(urn, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' || r == '"' }) {
			v.refuse("is not a urn")
			return ""
		}
		return v.text()
	}
	return v.otherURL()
}
