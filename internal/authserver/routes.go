package authserver

import (
	"fmt"
	"net/http"
	"strings"

	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

// routes finds what is at an address: by path, and where issuers on several
// hosts have the same path, by the host that was asked for. The host chooses
// among configured issuers and appears in no answer.
type routes map[string][]route

type route struct {
	host    string
	handler http.Handler
}

func (t routes) add(host, path string, h http.Handler) error {
	host = withoutDefaultPort(host)
	for _, other := range t[path] {
		if other.host == host {
			return fmt.Errorf("two issuers have the address %s%s", host, path)
		}
	}
	t[path] = append(t[path], route{host, h})
	return nil
}

func (t routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.find(r).ServeHTTP(w, r)
}

func (t routes) find(r *http.Request) http.Handler {
	// Issuer paths hold no escapes, so an escaped path is none of ours.
	at := t[r.URL.EscapedPath()]
	if len(at) == 1 {
		return at[0].handler
	}
	host := withoutDefaultPort(strings.ToLower(r.Host))
	for _, candidate := range at {
		if candidate.host == host {
			return candidate.handler
		}
	}
	return nothing
}

func withoutDefaultPort(host string) string { return strings.TrimSuffix(host, ":443") }

var nothing = web.API(func(http.ResponseWriter, *http.Request) error {
	return oauth.Refuse("AS4", oauth.InvalidRequest, "There is nothing at this address.").WithStatus(http.StatusNotFound)
}, web.RenderOAuth)
