package edge_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/internal/edge"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

func TestStartErrorsSayWhatAndWhatToDo(t *testing.T) {
	b := newBed(t)
	other := b.spec("other", edge.NoClientCertificates(), saying(""))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	server := func(edit func(*x509.Certificate)) func(*edge.Spec) {
		return func(s *edge.Spec) {
			s.CertFile, s.KeyFile = b.write("edited", b.servers.ServerWith(t, func(c *x509.Certificate) {
				c.DNSNames = []string{"localhost"}
				edit(c)
			}))
		}
	}
	expiredRoot := mtlstest.NewAuthority(t).IntermediateWith(t, func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Hour) })
	for _, c := range []struct {
		name, want string
		edit       func(*edge.Spec)
	}{
		{"expired certificate", "expired on 2026-11-22 11:00:00; put a renewed", server(func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Hour) })},
		{"certificate of tomorrow", "not valid before 2026-11-23", server(func(c *x509.Certificate) { c.NotBefore = start.Add(24 * time.Hour) })},
		{"client certificate", "does not include server authentication", server(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})},
		{"no host name", "names no host", server(func(c *x509.Certificate) { c.DNSNames = nil })},
		{"authority first", "certificate authority's; put the server's own first", server(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })},
		{"C2 small RSA key", "1024 bits", func(s *edge.Spec) {
			cert := b.servers.ClientFor(t, weakKey, func(c *x509.Certificate) { c.ExtKeyUsage, c.DNSNames = nil, []string{"localhost"} })
			s.CertFile, s.KeyFile = b.write("weak", cert)
		}},
		{"missing certificate", "does not exist; create it", func(s *edge.Spec) { s.CertFile += ".absent" }},
		{"certificate is a folder", "cannot be read", func(s *edge.Spec) { s.CertFile = b.dir }},
		{"key in place of the certificate", "no PEM certificate", func(s *edge.Spec) { s.CertFile = s.KeyFile }},
		{"missing key", "does not exist; create it", func(s *edge.Spec) { s.KeyFile += ".absent" }},
		{"another's key", "does not belong to the certificate", func(s *edge.Spec) { s.KeyFile = other.KeyFile }},
		{"world-readable key", "chmod 600", func(s *edge.Spec) {
			if err := os.Chmod(s.KeyFile, 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		{"expired bundle", "every authority of its client certificate bundle has expired", func(s *edge.Spec) {
			bundle, err := mtls.ParseBundle(expiredRoot.PEM(), 2)
			if err != nil {
				t.Fatal(err)
			}
			s.Clients = edge.PartnerCertificates(bundle)
		}},
		{"port in use", "in use already; stop the program", func(s *edge.Spec) { s.Address = taken.Addr().String() }},
		{"address of another machine", "no address 192.0.2.1:0", func(s *edge.Spec) { s.Address = "192.0.2.1:0" }},
		{"no port", "not of the form host:port", func(s *edge.Spec) { s.Address = "127.0.0.1" }},
		{"no port of that number", "cannot listen on", func(s *edge.Spec) { s.Address = "127.0.0.1:99999" }},
		{"no policy", "which client certificates", func(s *edge.Spec) { s.Clients = edge.ClientPolicy{} }},
		{"no bundle", "no bundle of authorities", func(s *edge.Spec) { s.Clients = edge.PartnerCertificates(nil) }},
		{"no handler", "no handler", func(s *edge.Spec) { s.Handler = nil }},
		{"no name", "needs a name", func(s *edge.Spec) { s.Name = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := b.spec("public", edge.NoClientCertificates(), saying(""))
			c.edit(&spec)
			refusedAtStart(t, b, c.want, spec)
		})
	}
	t.Run("none at all", func(t *testing.T) { refusedAtStart(t, b, "no listener is configured") })
	t.Run("one name twice", func(t *testing.T) { refusedAtStart(t, b, "configured twice", other, other) })
	t.Run("one address twice", func(t *testing.T) {
		a, z := b.spec("a", edge.NoClientCertificates(), saying("")), b.spec("z", edge.NoClientCertificates(), saying(""))
		a.Address, z.Address = "127.0.0.1:9443", "127.0.0.1:9443"
		refusedAtStart(t, b, "have the same address", a, z)
	})
}

func refusedAtStart(t *testing.T, b *bed, want string, specs ...edge.Spec) {
	t.Helper()
	e, err := edge.Open(specs, b.now, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err == nil {
		_ = e.Shutdown(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v does not say %q in one line", err, want)
	}
}

func TestMetricsThatAreThereAlready(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("")))
	if _, err := edge.Open(nil, b.now, b.metrics, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a second edge counts into the metrics of the first")
	}
	if got := b.count("gatehouse_tls_certificate_not_after_seconds", "listener=public"); got < float64(start.Unix()) {
		t.Errorf("the certificate expires at %v", got)
	}
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	b := newBed(t)
	h, begun, release := held()
	b.open(b.spec("public", edge.NoClientCertificates(), h))
	addr := b.edge.Addr("public")
	running := b.slowly(b.client(b.presenting(tls.Certificate{})), "public")
	<-begun
	down := make(chan error, 1)
	go func() { down <- b.edge.Shutdown(context.Background()) }()
	b.await(func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, "the socket to close")
	close(release)
	if got := <-running; got.err != nil || got.body != "first last" {
		t.Errorf("the running request ended with %q, error %v", got.body, got.err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if err := b.edge.Reload(nil); err == nil || !strings.Contains(err.Error(), "shut down") {
		t.Errorf("reload afterwards: %v", err)
	}
}

func TestShutdownCutsOffWhatDoesNotEnd(t *testing.T) {
	b := newBed(t)
	h, begun, release := held()
	b.open(b.spec("public", edge.NoClientCertificates(), h))
	defer close(release)
	running := b.slowly(b.client(b.presenting(tls.Certificate{})), "public")
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := b.edge.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("error is %v", err)
	}
	if got := <-running; got.err == nil {
		t.Errorf("the request ended well: %q", got.body)
	}
}

func TestShutdownWithoutServe(t *testing.T) {
	b := newBed(t)
	e, err := edge.Open([]edge.Spec{b.spec("public", edge.NoClientCertificates(), saying(""))}, b.now, b.metrics, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Serve(); err != nil {
		t.Error(err)
	}
}

func TestShutdownHangsUpOnHandshakes(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("")))
	conn, err := net.Dial("tcp", b.edge.Addr("public"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The silent client keeps nobody waiting, and neither does it at the end.
	if _, resp := b.mustGet(b.presenting(tls.Certificate{}), "public"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	if err := b.edge.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
