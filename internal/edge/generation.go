package edge

import (
	"crypto/tls"
	"fmt"
	"time"

	"gatehouse.example/internal/clock"
)

// generation is a listener as one configuration made it: whole, and never
// changed afterwards. The next one takes its place in one step.
type generation struct {
	spec     Spec
	notAfter time.Time   // of the server's certificate
	config   *tls.Config // of the handshakes of this generation
	// tickets holds the session ticket keys. Generations of the same epoch
	// share it, so that sessions outlive a renewed certificate; a new epoch
	// has keys of its own, so that no session outlives a change of trust.
	tickets *tls.Config
}

// tls12Suites are the only suites under TLS 1.2 (requirements, trap 7; SP
// 5.2.1-2); Go's own defaults offer more.
var tls12Suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

// provision makes everything that a listener needs but its socket.
func provision(s Spec, now clock.Clock) (*generation, error) {
	cert, err := loadCertificate(s.CertFile, s.KeyFile, now())
	if err != nil {
		return nil, fmt.Errorf("listener %q: %w", s.Name, err)
	}
	if b := s.Clients.bundle; b != nil && now().After(b.LastExpiry()) {
		return nil, fmt.Errorf("listener %q: every authority of its client certificate bundle has expired; put a renewed bundle in place", s.Name)
	}
	return &generation{spec: s, notAfter: cert.Leaf.NotAfter, config: newConfig(s, cert, now)}, nil
}

func newConfig(s Spec, cert tls.Certificate, now clock.Clock) *tls.Config {
	// CurvePreferences stays nil: Go's own list follows the state of the art.
	c := &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"h2", "http/1.1"},
		Time:         now,
	}
	if s.TLS12 {
		c.MinVersion = tls.VersionTLS12
		c.CipherSuites = tls12Suites
	}
	switch s.Clients.kind {
	case none:
	case anyOne:
		c.ClientAuth = tls.RequireAnyClientCert
	case partner:
		bundle := s.Clients.bundle
		c.ClientAuth = tls.RequireAnyClientCert
		c.ClientCAs = bundle.Pool() // only to tell clients which certificate to choose
		// Unlike VerifyPeerCertificate this runs on resumed sessions too (RS5).
		c.VerifyConnection = func(cs tls.ConnectionState) error {
			return bundle.Verify(cs.PeerCertificates, now())
		}
	}
	return c
}
