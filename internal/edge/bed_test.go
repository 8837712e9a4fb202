package edge_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gatehouse.example/internal/edge"
	"gatehouse.example/internal/signer"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// bed is an edge on loopback with what a test needs to talk to it.
type bed struct {
	t       *testing.T
	dir     string
	servers *mtlstest.Authority // issues the server certificates
	edge    *edge.Edge
	metrics *prometheus.Registry
	log     *lockedBuffer
	time    atomic.Pointer[time.Time]
	served  chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{t: t, dir: t.TempDir(), servers: mtlstest.NewAuthority(t), metrics: prometheus.NewRegistry(), log: &lockedBuffer{}}
	b.time.Store(&start)
	return b
}

func (b *bed) now() time.Time { return *b.time.Load() }

func (b *bed) setTime(at time.Time) { b.time.Store(&at) }

// write puts a server certificate and its key into files of the given name.
func (b *bed) write(name string, cert tls.Certificate) (certFile, keyFile string) {
	b.t.Helper()
	certFile, keyFile = filepath.Join(b.dir, name+".pem"), filepath.Join(b.dir, name+".key")
	var chain []byte
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if err := os.WriteFile(certFile, chain, 0o644); err != nil {
		b.t.Fatal(err)
	}
	_ = os.Remove(keyFile)
	if err := signer.WritePEM(keyFile, cert.PrivateKey.(crypto.Signer)); err != nil {
		b.t.Fatal(err)
	}
	return certFile, keyFile
}

// spec makes a listener on a free port with a good server certificate.
func (b *bed) spec(name string, clients edge.ClientPolicy, h http.HandlerFunc) edge.Spec {
	b.t.Helper()
	certFile, keyFile := b.write(name, b.servers.Server(b.t, "localhost", "127.0.0.1"))
	return edge.Spec{Name: name, Address: "127.0.0.1:0", CertFile: certFile, KeyFile: keyFile, Clients: clients, Handler: h}
}

// open starts the edge and stops it when the test ends.
func (b *bed) open(specs ...edge.Spec) {
	b.t.Helper()
	var err error
	b.edge, err = edge.Open(specs, b.now, b.metrics, slog.New(slog.NewTextHandler(b.log, nil)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.served = make(chan error, 1)
	go func() { b.served <- b.edge.Serve() }()
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("log of the edge:\n%s", b.log)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.edge.Shutdown(ctx); err != nil {
			b.t.Errorf("shutdown: %v", err)
		}
		if err := <-b.served; err != nil {
			b.t.Errorf("serve: %v", err)
		}
	})
}

func (b *bed) reload(specs ...edge.Spec) {
	b.t.Helper()
	if err := b.edge.Reload(specs); err != nil {
		b.t.Fatalf("reload: %v", err)
	}
}

// presenting makes a client's configuration that presents the certificate,
// whatever authorities the server names; none when it is empty.
func (b *bed) presenting(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS10,
		RootCAs:    b.servers.Pool(),
		ServerName: "localhost",
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &cert, nil
		},
	}
}

// client makes an HTTP client that keeps its connections.
func (b *bed) client(c *tls.Config) *http.Client {
	tr := &http.Transport{TLSClientConfig: c.Clone(), ForceAttemptHTTP2: true}
	b.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// get makes a request and returns the answer's body.
func (b *bed) get(c *http.Client, listener string) (string, *http.Response, error) {
	b.t.Helper()
	resp, err := c.Get("https://" + b.edge.Addr(listener) + "/")
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp, err
}

// mustGet is get on a connection of its own, which must succeed.
func (b *bed) mustGet(c *tls.Config, listener string) (string, *http.Response) {
	b.t.Helper()
	client := b.client(c)
	defer client.CloseIdleConnections()
	body, resp, err := b.get(client, listener)
	if err != nil {
		b.t.Fatal(err)
	}
	return body, resp
}

// exchange completes the client's half of a handshake, sends a request at
// once and returns every byte that came back, and how it ended.
func (b *bed) exchange(c *tls.Config, listener string) ([]byte, error) {
	b.t.Helper()
	conn, err := tls.Dial("tcp", b.edge.Addr(listener), c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// refusals counts refused handshakes.
func (b *bed) refusals(listener, offered string) float64 {
	b.t.Helper()
	return b.count("gatehouse_tls_handshakes_refused_total", "listener="+listener, "version_offered="+offered)
}

// awaitRefusals waits for the count: a client hears of a refusal just before
// it is counted.
func (b *bed) awaitRefusals(listener, offered string, want float64) {
	b.t.Helper()
	b.await(func() bool { return b.refusals(listener, offered) == want }, "handshake of %s refused on %s counted %v times", offered, listener, want)
}

// await waits for what happens soon on another goroutine.
func (b *bed) await(done func() bool, format string, args ...any) {
	b.t.Helper()
	deadline := time.NewTimer(5 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			b.t.Fatalf("waited in vain for: "+format, args...)
		}
	}
}

// count sums the values of a metric that have these labels ("name=value").
func (b *bed) count(metric string, labels ...string) float64 {
	b.t.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetName()+"="+l.GetValue())
			}
			if containsAll(values, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func containsAll(values, wanted []string) bool {
	for _, w := range wanted {
		if !strings.Contains(" "+strings.Join(values, " ")+" ", " "+w+" ") {
			return false
		}
	}
	return true
}

// saying makes a handler that answers with a word.
func saying(word string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }
}

// whoAmI answers with what the edge knows of the client's certificate.
func whoAmI(now func() time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cert, err := mtls.PeerFrom(r.Context()).Certificate(now())
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusUnauthorized)
		case !cert.Present():
			_, _ = io.WriteString(w, "nobody")
		case cert.Verified():
			_, _ = io.WriteString(w, "verified "+cert.SubjectDN())
		default:
			_, _ = io.WriteString(w, "unverified "+cert.SubjectDN())
		}
	}
}
