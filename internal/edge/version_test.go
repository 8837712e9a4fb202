package edge_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/edge"
	"gatehouse.example/mtls/mtlstest"
)

// upTo makes a client that offers no more than the given version.
func (b *bed) upTo(version uint16) *tls.Config {
	c := b.presenting(tls.Certificate{})
	c.MaxVersion = version
	return c
}

func TestProof_N2_TLS13Only(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("hello")))
	t.Run("N2 TLS 1.3 with HTTP/2 and Go's own key exchange", func(t *testing.T) {
		body, resp := b.mustGet(b.presenting(tls.Certificate{}), "public")
		if body != "hello" || resp.TLS.Version != tls.VersionTLS13 || resp.ProtoMajor != 2 {
			t.Errorf("body %q, TLS %x, %s", body, resp.TLS.Version, resp.Proto)
		}
		if got := b.count("gatehouse_tls_handshakes_total", "listener=public", "version=1.3", "key_exchange="+resp.TLS.CurveID.String()); got != 1 {
			t.Errorf("counted %v handshakes with %s", got, resp.TLS.CurveID)
		}
		if resp.TLS.CurveID != tls.X25519MLKEM768 {
			t.Errorf("key exchange is %s: Go's own list is not in force", resp.TLS.CurveID)
		}
	})
	t.Run("N2 HTTP/1.1 as well", func(t *testing.T) {
		if got, err := b.exchange(b.presenting(tls.Certificate{}), "public"); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200 OK") {
			t.Errorf("got %q, error %v", got, err)
		}
	})
	for _, c := range []struct {
		name    string
		version uint16
		offered string
	}{
		{"N2 TLS 1.2 refused and counted", tls.VersionTLS12, "1.2"},
		{"N2 TLS 1.1 refused and counted", tls.VersionTLS11, "1.1"},
		{"N2 TLS 1.0 refused and counted", tls.VersionTLS10, "1.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := b.exchange(b.upTo(c.version), "public"); err == nil || !strings.Contains(err.Error(), "protocol version") {
				t.Errorf("error is %v", err)
			}
			b.awaitRefusals("public", c.offered, 1)
		})
	}
	t.Run("N2 server name and address prefix are in the log", func(t *testing.T) {
		if got := b.log.String(); !strings.Contains(got, "version_offered=1.2 server_name=localhost source=127.0.0.0/24") {
			t.Errorf("log:\n%s", got)
		}
	})
}

func TestProof_N2_TLS12OnlyByConfiguration(t *testing.T) {
	b, partners := newBed(t), mtlstest.NewAuthority(t)
	spec := b.spec("old", edge.AnyClientCertificate(), saying("hello"))
	spec.TLS12 = true
	b.open(spec)
	acme := partners.Client(t, "acme")
	old := b.presenting(acme)
	old.MaxVersion = tls.VersionTLS12
	t.Run("N2 admitted, counted and named", func(t *testing.T) {
		if _, resp := b.mustGet(old, "old"); resp.TLS.Version != tls.VersionTLS12 {
			t.Errorf("version is %x", resp.TLS.Version)
		}
		if got := b.count("gatehouse_tls_handshakes_total", "listener=old", "version=1.2"); got != 1 {
			t.Errorf("counted %v handshakes", got)
		}
		cert, err := mtlstest.Peer(t, acme, nil).Certificate(start)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.log.String(); !strings.Contains(got, "certificate="+cert.Fingerprint()) {
			t.Errorf("the log does not name the partner:\n%s", got)
		}
	})
	t.Run("N2 TLS 1.3 is still preferred", func(t *testing.T) {
		if _, resp := b.mustGet(b.presenting(acme), "old"); resp.TLS.Version != tls.VersionTLS13 {
			t.Errorf("version is %x", resp.TLS.Version)
		}
	})
	t.Run("N2 TLS 1.1 stays refused", func(t *testing.T) {
		if _, err := b.exchange(b.upTo(tls.VersionTLS11), "old"); err == nil {
			t.Error("admitted")
		}
		b.awaitRefusals("old", "1.1", 1)
	})
	t.Run("N2 only AES-GCM suites with forward secrecy", func(t *testing.T) {
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
				continue
			}
			c := old.Clone()
			c.CipherSuites = []uint16{suite.ID}
			conn, err := tls.Dial("tcp", b.edge.Addr("old"), c)
			if err == nil {
				_ = conn.Close()
			}
			if fine := strings.HasPrefix(suite.Name, "TLS_ECDHE_ECDSA_WITH_AES_") && strings.Contains(suite.Name, "GCM"); fine != (err == nil) {
				t.Errorf("%s: %v", suite.Name, err)
			}
		}
	})
}

func TestProof_N2_WhatIsNoTLSIsCounted(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("hello")))
	conn, err := net.Dial("tcp", b.edge.Addr("public"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if got, _ := io.ReadAll(conn); strings.Contains(string(got), "HTTP") {
		t.Errorf("plain HTTP was answered: %q", got)
	}
	b.awaitRefusals("public", "none", 1)
}

func TestHeadersAreBounded(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("hello")))
	for _, c := range []struct {
		name string
		size int
		want int
	}{
		{"a token and a proof fit", 30 << 10, http.StatusOK},
		{"a giant does not", 80 << 10, http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := b.presenting(tls.Certificate{})
			tr := &http.Transport{TLSClientConfig: conf}
			defer tr.CloseIdleConnections()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+b.edge.Addr("public")+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "DPoP "+strings.Repeat("a", c.size))
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}

func TestTimeoutsFreeSlowConnectionsAndSpareStreams(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), saying("hello")))
	for _, s := range b.edge.Servers() {
		if s.ReadHeaderTimeout <= 0 || s.ReadHeaderTimeout > 30*time.Second || s.IdleTimeout <= 0 {
			t.Errorf("header timeout %v, idle timeout %v", s.ReadHeaderTimeout, s.IdleTimeout)
		}
		if s.WriteTimeout != 0 || s.ReadTimeout != 0 {
			t.Errorf("a stream ends after %v or %v", s.WriteTimeout, s.ReadTimeout)
		}
	}
}
