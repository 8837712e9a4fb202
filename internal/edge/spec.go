package edge

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"gatehouse.example/mtls"
)

// Spec says what one listener is. Nothing in it is optional but TLS12.
type Spec struct {
	Name     string       // names the listener in logs and metrics
	Address  string       // host:port to listen on; port 0 takes a free one
	CertFile string       // PEM certificate chain, leaf first
	KeyFile  string       // PEM private key that only we can read
	Clients  ClientPolicy // who is admitted at the handshake
	Handler  http.Handler // gets every request of an admitted connection
	TLS12    bool         // admit TLS 1.2 as well (N2: only by explicit configuration)
}

// ClientPolicy says which client certificates a listener demands. The zero
// value is no policy and is refused.
type ClientPolicy struct {
	kind   policyKind
	bundle *mtls.Bundle // of partner only
}

type policyKind string

const (
	none    policyKind = "none"
	anyOne  policyKind = "any"
	partner policyKind = "partner"
)

// NoClientCertificates asks for no certificate.
func NoClientCertificates() ClientPolicy { return ClientPolicy{kind: none} }

// AnyClientCertificate demands a certificate and does not judge it: that is
// left to whatever is bound to it.
func AnyClientCertificate() ClientPolicy { return ClientPolicy{kind: anyOne} }

// PartnerCertificates demands a certificate with a chain to the bundle. A nil
// bundle is refused by [Open] and [Edge.Reload].
func PartnerCertificates(bundle *mtls.Bundle) ClientPolicy {
	return ClientPolicy{kind: partner, bundle: bundle}
}

// epoch names whom the listener trusts. Session tickets are good within one
// epoch only.
func (s Spec) epoch() string {
	e := s.Name + " " + string(s.Clients.kind)
	if s.Clients.bundle != nil {
		e += " " + s.Clients.bundle.Digest()
	}
	return e
}

// socket names the socket that the listener needs. Listeners that change
// their names or swap their addresses keep the sockets that are open; free
// ports are told apart by the listener's name.
func (s Spec) socket() string {
	if _, port, err := net.SplitHostPort(s.Address); err == nil && port == "0" {
		return s.Address + " " + s.Name
	}
	return s.Address
}

func checkSpecs(specs []Spec) error {
	if len(specs) == 0 {
		return errors.New("no listener is configured; configure at least one")
	}
	names, sockets := map[string]bool{}, map[string]string{}
	for _, s := range specs {
		if err := s.check(); err != nil {
			return fmt.Errorf("listener %q: %w", s.Name, err)
		}
		if names[s.Name] {
			return fmt.Errorf("listener %q is configured twice; give each listener a name of its own", s.Name)
		}
		if other, taken := sockets[s.socket()]; taken {
			return fmt.Errorf("listeners %q and %q have the same address %s; give each a port of its own", other, s.Name, s.Address)
		}
		names[s.Name], sockets[s.socket()] = true, s.Name
	}
	return nil
}

func (s Spec) check() error {
	if _, _, err := net.SplitHostPort(s.Address); err != nil {
		return fmt.Errorf("address %q is not of the form host:port", s.Address)
	}
	switch {
	case s.Name == "":
		return errors.New("a listener needs a name")
	case s.Handler == nil:
		return errors.New("it has no handler")
	case s.Clients.kind == "":
		return errors.New("it does not say which client certificates it demands")
	case s.Clients.kind == partner && s.Clients.bundle == nil:
		return errors.New("it demands partner certificates but has no bundle of authorities to judge them by")
	}
	return nil
}
