package resource

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse.example/mtls"
)

// Facts are what one request says about itself. They are claims to be judged.
type Facts struct {
	Method string
	// URI is the address that the client used: a configured origin and the
	// request's escaped path, never taken from a Host header, without query
	// (RS18). See [Origin.URI].
	URI           string
	Authorization []string   // every Authorization field value
	DPoP          []string   // every DPoP field value
	TokenInQuery  bool       // the query has an access_token parameter
	Peer          *mtls.Peer // the TLS peer; nil when there is none
}

// FactsOf reads the facts from a request that came to a server whose external
// address is origin. The body is never looked at: a token in a form is no
// token (RS1).
func FactsOf(r *http.Request, origin Origin) Facts {
	return Facts{
		Method:        r.Method,
		URI:           origin.URI(r.URL.EscapedPath()),
		Authorization: r.Header["Authorization"],
		DPoP:          r.Header["Dpop"],
		TokenInQuery:  tokenInQuery(r.URL.RawQuery),
		Peer:          mtls.PeerFrom(r.Context()),
	}
}

// Origin is a configured external origin, such as https://api.bank.example.
// The zero Origin is no address and matches no proof.
type Origin struct{ s string }

// ParseOrigin reads an https origin: scheme, host and, where it is not 443,
// port, and nothing behind them. The result is in normal form: lower case, no
// default port.
func ParseOrigin(s string) (Origin, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || !strings.EqualFold("https://"+u.Host, s) {
		return Origin{}, errors.New("an origin is https:// and a host, with a port if need be, and nothing else")
	}
	return Origin{"https://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443")}, nil
}

// String gives the origin in normal form.
func (o Origin) String() string { return o.s }

// Host gives the host, and the port if it is not 443.
func (o Origin) Host() string { return strings.TrimPrefix(o.s, "https://") }

// URI gives the external address of an escaped path.
func (o Origin) URI(escapedPath string) string { return o.s + escapedPath }

// tokenInQuery finds a parameter named access_token (RFC 6750 §2.3) without
// building a map of all parameters. Some servers read its name in any case, or
// let a semicolon separate parameters.
func tokenInQuery(query string) bool {
	for query != "" {
		pair, rest := query, ""
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, rest = query[:i], query[i+1:]
		}
		query = rest
		name, _, _ := strings.Cut(pair, "=")
		if strings.ContainsAny(name, "%+") {
			// A name that cannot be unescaped is left to the upstream: it is
			// not this parameter by anybody's reading.
			name, _ = url.QueryUnescape(name)
		}
		if strings.EqualFold(name, "access_token") {
			return true
		}
	}
	return false
}
