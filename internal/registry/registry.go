package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// The bindings: to what the access tokens of a client are bound. There is none
// that means unbound (AS57).
const (
	BindDPoP   = "dpop"   // every token request has a DPoP proof (AS61)
	BindMTLS   = "mtls"   // every token request comes over mutual TLS (AS58)
	BindEither = "either" // a proof when there is one, else the certificate
)

// Client is a registered client. Every field is required; of the embedded
// fields those of its method.
type Client struct {
	clientauth.Client
	Name       string // for people
	GrantTypes []string
	Scopes     oauth.Scopes
	Audiences  []string // the APIs for which it may ask tokens
	Binding    string   // BindDPoP, BindMTLS or BindEither
}

// Registry is the registered clients of all issuers.
type Registry struct {
	clients map[string]map[string]Client // issuer, then client_id
}

// New judges the clients of each issuer, by the issuer's identifier, and
// returns a registry, or an error that names the issuer, the client and the
// mistake.
func New(clients map[string][]Client) (*Registry, error) {
	r := &Registry{clients: make(map[string]map[string]Client, len(clients))}
	for issuer, list := range clients {
		byID := make(map[string]Client, len(list))
		for _, c := range list {
			if err := judge(c); err != nil {
				return nil, fmt.Errorf("issuer %s: client %q: %w", issuer, c.ID, err)
			}
			if _, taken := byID[c.ID]; taken {
				return nil, fmt.Errorf("issuer %s: client %q is registered twice", issuer, c.ID)
			}
			byID[c.ID] = c
		}
		r.clients[issuer] = byID
	}
	return r, nil
}

// Lookup finds the client with this client_id at this issuer.
func (r *Registry) Lookup(issuer, clientID string) (Client, bool) {
	c, ok := r.clients[issuer][clientID]
	return c, ok
}

// Clients returns an issuer's clients, ordered by client_id.
func (r *Registry) Clients(issuer string) []Client {
	out := make([]Client, 0, len(r.clients[issuer]))
	for _, c := range r.clients[issuer] {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Client) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// maxIDBytes bounds a client_id, which is stored and logged.
const maxIDBytes = 256

func judge(c Client) error {
	switch {
	case c.ID == "" || len(c.ID) > maxIDBytes:
		return fmt.Errorf("its id must have 1 to %d bytes", maxIDBytes)
	case !printable(c.ID):
		return errors.New("its id has a character outside printable ASCII (RFC 6749 appendix A.1)")
	case c.Name == "":
		return errors.New("it has no name")
	case len(c.GrantTypes) == 0:
		return errors.New("it has no grant type, so it could do nothing")
	case len(c.Scopes) == 0:
		return errors.New("it has no scope, so it could do nothing")
	case len(c.Audiences) == 0:
		return errors.New("it has no audience, so it could do nothing")
	case c.Binding != BindDPoP && c.Binding != BindMTLS && c.Binding != BindEither:
		return fmt.Errorf("binding %q is not one of dpop, mtls, either", c.Binding)
	}
	return judgeAuth(c.Client)
}

func judgeAuth(a clientauth.Client) error {
	switch a.Method {
	case oauth.AuthPrivateKeyJWT:
		// A token with this header is what the client will send.
		if len(a.Keys.Candidates(jose.Header{Algorithm: a.Algorithm})) == 0 {
			return fmt.Errorf("none of its keys can sign by %q, the algorithm it is registered for", a.Algorithm)
		}
		return nil
	case oauth.AuthTLSClient:
		if !a.Subject.Present() {
			return errors.New("tls_client_auth needs the subject of its certificate")
		}
		return nil
	}
	return fmt.Errorf("authentication method %q is unknown", a.Method)
}

// printable tells whether s is of the VSCHAR of RFC 6749 appendix A.1.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
