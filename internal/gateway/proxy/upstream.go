package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/recent"
)

// Config is an upstream and what the gateway says to it. Roots may be nil,
// which means the system's; everything else is required.
type Config struct {
	Name     string // for logs and metrics
	URL      string // https origin, with a path prefix if need be
	Audience string // aud of assertions
	Roots    *x509.CertPool
	Timeout  time.Duration // to connect, to take the next part of a body, to begin the answer
	MaxBody  int64         // bytes of a request's body

	Gateway string       // iss of assertions
	Signer  *jose.Signer // signs them
}

// Upstream is one API behind the gateway. It is safe for concurrent use.
type Upstream struct {
	cfg        Config
	origin     string // for htu of assertions
	host       string
	prefix     string // of the path, "" or "/..." without a slash at its end
	transport  *http.Transport
	assertions *recent.Cache[callKey, *signed]
}

// idlePerHost keeps connections for a few hundred calls at once: a TLS
// handshake costs as much as many calls.
const idlePerHost = 512

// New checks the configuration and makes an upstream. It does not connect.
func New(cfg Config) (*Upstream, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case cfg.Name == "":
		return nil, errors.New("an upstream needs a name")
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawPath != "":
		return nil, errors.New("its URL must be https:// and a host, with a path prefix if need be")
	case cfg.Audience == "":
		return nil, errors.New("its audience is missing")
	case cfg.Timeout <= 0:
		return nil, errors.New("its timeout must be above zero")
	case cfg.MaxBody <= 0:
		return nil, errors.New("its largest body must be above zero")
	case cfg.Gateway == "" || cfg.Signer == nil:
		return nil, errors.New("the gateway's name and the key of its assertions are missing")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	return &Upstream{
		cfg:        cfg,
		origin:     "https://" + host,
		host:       host,
		prefix:     strings.TrimRight(u.Path, "/"),
		transport:  newTransport(cfg),
		assertions: recent.New[callKey, *signed](assertionCacheBytes),
	}, nil
}

// newTransport speaks HTTP/1.1 over TLS 1.3 to the upstream itself: no proxy
// of the environment, no compression of our own.
func newTransport(cfg Config) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	encryption := &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: cfg.Roots,
		ClientSessionCache:          tls.NewLRUClientSessionCache(0),
		DynamicRecordSizingDisabled: true, // one write for a request's headers from the first on
	}
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 nil,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       encryption,
		TLSHandshakeTimeout:   cfg.Timeout,
		ResponseHeaderTimeout: cfg.Timeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   idlePerHost,
		DisableCompression:    true,
		Protocols:             &protocols,
		WriteBufferSize:       8 << 10,
		ReadBufferSize:        8 << 10,
	}
}

// Name is the upstream's name in the configuration.
func (u *Upstream) Name() string { return u.cfg.Name }

// MaxBody is how many bytes a request's body may have.
func (u *Upstream) MaxBody() int64 { return u.cfg.MaxBody }

// Close drops idle connections.
func (u *Upstream) Close() { u.transport.CloseIdleConnections() }
