package edge_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/edge"
	"gatehouse.example/mtls/mtlstest"
)

// serial is the serial number of the certificate that a new connection sees.
func (b *bed) serial(listener string) string {
	b.t.Helper()
	_, resp := b.mustGet(b.presenting(tls.Certificate{}), listener)
	return resp.TLS.PeerCertificates[0].SerialNumber.String()
}

// held is a handler whose first answer begins, and ends only when released.
func held() (h http.HandlerFunc, begun, release chan struct{}) {
	begun, release = make(chan struct{}), make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/slow" {
			_, _ = io.WriteString(w, "quick")
			return
		}
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-release
		_, _ = io.WriteString(w, "last")
	}, begun, release
}

type answer struct {
	body string
	err  error
}

// slowly begins a request that the held handler answers.
func (b *bed) slowly(c *http.Client, listener string) <-chan answer {
	out := make(chan answer, 1)
	url := "https://" + b.edge.Addr(listener) + "/slow"
	go func() {
		resp, err := c.Get(url)
		if err != nil {
			out <- answer{"", err}
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		out <- answer{string(body), err}
	}()
	return out
}

func TestReloadToANewCertificateDropsNoConnection(t *testing.T) {
	b := newBed(t)
	h, begun, release := held()
	spec := b.spec("public", edge.NoClientCertificates(), h)
	b.open(spec)
	client := b.client(b.presenting(tls.Certificate{}))
	running := b.slowly(client, "public")
	<-begun
	before := b.serial("public")

	b.write("public", b.servers.Server(t, "localhost", "127.0.0.1"))
	b.reload(spec)
	if after := b.serial("public"); after == before {
		t.Error("a new connection sees the old certificate")
	}
	// The connection of the running request goes on, for new requests too.
	_, resp, err := b.get(client, "public")
	if err != nil || resp.TLS.PeerCertificates[0].SerialNumber.String() != before {
		t.Errorf("the open connection was dropped: %v", err)
	}
	close(release)
	if got := <-running; got.err != nil || got.body != "first last" {
		t.Errorf("the running request ended with %q, error %v", got.body, got.err)
	}
}

func TestReloadKeepsSessionsUnlessTrustChanged(t *testing.T) {
	b, old, added := newBed(t), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	spec := b.spec("partner", edge.PartnerCertificates(old.Bundle(t)), whoAmI(b.now))
	b.open(spec)
	c := b.presenting(old.Client(t, "acme"))
	c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	b.mustGet(c, "partner")
	t.Run("renewed certificate", func(t *testing.T) {
		b.write("partner", b.servers.Server(t, "localhost", "127.0.0.1"))
		b.reload(spec)
		if _, resp := b.mustGet(c, "partner"); !resp.TLS.DidResume {
			t.Error("the session was not resumed")
		}
	})
	t.Run("RS5 another authority is trusted as well", func(t *testing.T) {
		both := spec
		both.Clients = edge.PartnerCertificates(mtlstest.BundleOf(t, old, added))
		b.reload(both)
		if got, resp := b.mustGet(c, "partner"); resp.TLS.DidResume || got != "verified CN=acme" {
			t.Errorf("resumed %v, body %q", resp.TLS.DidResume, got)
		}
	})
}

func TestProof_RS5_TrustChangeReachesOpenConnections(t *testing.T) {
	b, old, other := newBed(t), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	spec := b.spec("partner", edge.PartnerCertificates(old.Bundle(t)), whoAmI(b.now))
	b.open(spec)
	conf := b.presenting(old.Client(t, "acme"))
	conf.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	client := b.client(conf)
	if got, _, err := b.get(client, "partner"); err != nil || got != "verified CN=acme" {
		t.Fatalf("got %q, error %v", got, err)
	}
	spec.Clients = edge.PartnerCertificates(other.Bundle(t))
	b.reload(spec)
	t.Run("RS5 open connection", func(t *testing.T) {
		got, resp, err := b.get(client, "partner")
		if err != nil || resp.StatusCode != http.StatusUnauthorized || !strings.Contains(got, "RS5 invalid_token") {
			t.Errorf("got %q, error %v", got, err)
		}
	})
	t.Run("RS5 resumed session", func(t *testing.T) {
		if got, err := b.exchange(conf, "partner"); len(got) > 0 || err == nil {
			t.Errorf("got %q, error %v", got, err)
		}
	})
	t.Run("RS5 listener that came to demand certificates", func(t *testing.T) {
		public := spec
		public.Clients = edge.NoClientCertificates()
		b.reload(public)
		client := b.client(b.presenting(tls.Certificate{}))
		if got, _, err := b.get(client, "partner"); err != nil || got != "nobody" {
			t.Fatalf("got %q, error %v", got, err)
		}
		b.reload(spec)
		if got, resp, err := b.get(client, "partner"); err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("got %q, error %v", got, err)
		}
	})
}

func TestReloadSwapsHandlersOfOpenConnections(t *testing.T) {
	b := newBed(t)
	spec := b.spec("public", edge.NoClientCertificates(), saying("old"))
	b.open(spec)
	client := b.client(b.presenting(tls.Certificate{}))
	if got, _, err := b.get(client, "public"); err != nil || got != "old" {
		t.Fatalf("got %q, error %v", got, err)
	}
	spec.Handler = saying("new")
	b.reload(spec)
	if got, _, err := b.get(client, "public"); err != nil || got != "new" {
		t.Errorf("got %q, error %v", got, err)
	}
	if got := b.count("gatehouse_tls_handshakes_total", "listener=public"); got != 1 {
		t.Errorf("%v handshakes: the connection was not kept", got)
	}
}

func TestReloadOpensMovesAndClosesListeners(t *testing.T) {
	b := newBed(t)
	h, begun, release := held()
	first := b.spec("first", edge.NoClientCertificates(), h)
	b.open(first)
	addr := b.edge.Addr("first")
	client := b.client(b.presenting(tls.Certificate{}))
	running := b.slowly(client, "first")
	<-begun

	moved := first
	moved.Address = freeAddress(t)
	second := b.spec("second", edge.NoClientCertificates(), saying("second"))
	b.reload(moved, second)
	if got := b.edge.Addr("first"); got != moved.Address {
		t.Errorf("it is at %s, not %s", got, moved.Address)
	}
	if got, _ := b.mustGet(b.presenting(tls.Certificate{}), "first"); got != "quick" {
		t.Errorf("moved listener: %q", got)
	}
	if got, _ := b.mustGet(b.presenting(tls.Certificate{}), "second"); got != "second" {
		t.Errorf("new listener: %q", got)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("the old address takes connections")
	}
	close(release)
	if got := <-running; got.err != nil || got.body != "first last" {
		t.Errorf("the request on the old address ended with %q, error %v", got.body, got.err)
	}
	t.Run("gone", func(t *testing.T) {
		b.reload(second)
		if got := b.edge.Addr("first"); got != "" {
			t.Errorf("it is still at %s", got)
		}
		if got := b.count("gatehouse_tls_certificate_not_after_seconds", "listener=first"); got != 0 {
			t.Errorf("its certificate is still reported: %v", got)
		}
	})
	t.Run("back at an address that was just left", func(t *testing.T) { b.reload(moved, second) })
}

func TestReloadRenamesWithoutClosing(t *testing.T) {
	b := newBed(t)
	one := b.spec("one", edge.NoClientCertificates(), saying("one"))
	two := b.spec("two", edge.NoClientCertificates(), saying("two"))
	one.Address, two.Address = freeAddress(t), freeAddress(t)
	b.open(one, two)
	client := b.client(b.presenting(tls.Certificate{}))
	if got, _, err := b.get(client, "one"); err != nil || got != "one" {
		t.Fatalf("got %q, error %v", got, err)
	}
	one.Address, two.Address = two.Address, one.Address
	b.reload(one, two)
	// The client's connection is at the address that is now the other's.
	if got, _, err := b.get(client, "two"); err != nil || got != "two" {
		t.Errorf("got %q, error %v", got, err)
	}
	if got := b.count("gatehouse_tls_handshakes_total"); got != 1 {
		t.Errorf("%v handshakes: the connection was not kept", got)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestBadReloadLeavesEverything(t *testing.T) {
	b := newBed(t)
	good := b.spec("public", edge.NoClientCertificates(), saying("old"))
	b.open(good)
	before := b.serial("public")
	other := b.spec("other", edge.NoClientCertificates(), saying("other"))
	expired, expiredKey := b.write("expired", b.servers.ServerWith(t, func(c *x509.Certificate) {
		c.DNSNames, c.NotAfter = []string{"localhost"}, start.Add(-time.Hour)
	}))
	for _, c := range []struct {
		name, want string
		edit       func(s *edge.Spec)
	}{
		{"expired certificate", "it expired on 2026-11-22 11:00:00", func(s *edge.Spec) { s.CertFile, s.KeyFile = expired, expiredKey }},
		{"another's key", "does not belong", func(s *edge.Spec) { s.KeyFile = good.KeyFile }},
		{"no bundle", "no bundle", func(s *edge.Spec) { s.Clients = edge.PartnerCertificates(nil) }},
		{"taken port", "in use already", func(s *edge.Spec) { s.Address = b.edge.Addr("public") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, bad := good, other
			changed.Handler = saying("new")
			c.edit(&bad)
			if err := b.edge.Reload([]edge.Spec{changed, bad}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
			if got, _ := b.mustGet(b.presenting(tls.Certificate{}), "public"); got != "old" || b.serial("public") != before {
				t.Errorf("something changed: %q", got)
			}
			if b.edge.Addr("other") != "" {
				t.Error("a new listener was left open")
			}
		})
	}
	t.Run("damaged file", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(b.dir, "public.pem"), []byte("half a certif"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := b.edge.Reload([]edge.Spec{good}); err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
			t.Errorf("error is %v", err)
		}
		if b.serial("public") != before {
			t.Error("the certificate changed")
		}
	})
}
