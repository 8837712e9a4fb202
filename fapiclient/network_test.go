package fapiclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"
)

// network is a small internet without sockets: hosts by name, TLS over
// net.Pipe, so that it also works inside a synctest bubble.
type network struct {
	roots     *x509.CertPool
	mu        sync.Mutex
	listeners map[string]*pipeListener
	servers   []*http.Server
	dials     int
}

func newNetwork() *network {
	return &network{roots: testRoots(), listeners: map[string]*pipeListener{}}
}

// serve starts an https server for host, "name:port".
func (n *network) serve(host string, auth tls.ClientAuthType, h http.Handler) {
	l := &pipeListener{host: host, conns: make(chan net.Conn), done: make(chan struct{})}
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	n.listeners[host], n.servers = l, append(n.servers, s)
	name, _, _ := net.SplitHostPort(host)
	cfg := &tls.Config{
		Certificates: []tls.Certificate{issue(name, x509.ExtKeyUsageServerAuth)},
		ClientAuth:   auth, SessionTicketsDisabled: true,
	}
	go func() { _ = s.Serve(tls.NewListener(l, cfg)) }()
}

func (n *network) close() {
	for _, s := range n.servers {
		_ = s.Close()
	}
}

func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials++
	l := n.listeners[addr]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("no such host: %s", addr)
	}
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// client is an HTTP client that dials into the network and trusts its roots.
func (n *network) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: n.dial, TLSClientConfig: &tls.Config{RootCAs: n.roots},
	}}
}

type pipeListener struct {
	host  string
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.host) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// authority is the test's one certificate authority. Its certificates hold
// for any clock that a test may use.
var authority = sync.OnceValue(func() tls.Certificate {
	key := newECKey()
	t := certificateTemplate("Test CA")
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	return sign(t, t, key, key)
})

func testRoots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(authority().Leaf)
	return pool
}

func issue(name string, usage x509.ExtKeyUsage) tls.Certificate {
	t := certificateTemplate(name)
	t.DNSNames, t.ExtKeyUsage = []string{name}, []x509.ExtKeyUsage{usage}
	return sign(t, authority().Leaf, newECKey(), authority().PrivateKey.(*ecdsa.PrivateKey))
}

func certificateTemplate(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func sign(t, parent *x509.Certificate, key, by *ecdsa.PrivateKey) tls.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func newECKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}
