package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/internal/outbound"
)

// serve starts a TLS server on loopback and returns it with a pool that
// trusts it.
func serve(t *testing.T, config *tls.Config, h http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = config
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what some tests want
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, roots
}

func client(t *testing.T, o outbound.Options) *outbound.Client {
	t.Helper()
	c := outbound.New(o)
	t.Cleanup(c.Close)
	return c
}

func get(t *testing.T, c *outbound.Client, url string) (string, error) {
	t.Helper()
	body, err := c.Get(t.Context(), url, "application/json")
	return string(body), err
}

// refused fails the test unless the error gives the reason.
func refused(t *testing.T, err error, reason string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want an error that says %q", err, reason)
	}
}

func TestClient_C4_Fetches(t *testing.T) {
	s, roots := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %d %s", r.Header.Get("Accept"), r.TLS.Version, r.Header.Get("Accept-Encoding"))
	})
	body, err := get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true}), s.URL)
	if want := fmt.Sprintf("application/json %d ", tls.VersionTLS13); err != nil || body != want {
		t.Errorf("C4 got %q, %v; want %q", body, err, want)
	}
}

func TestClient_C4_AS104_PrivateAddressIsRefused(t *testing.T) {
	var called atomic.Int32
	s, roots := serve(t, nil, func(http.ResponseWriter, *http.Request) { called.Add(1) })
	c := client(t, outbound.Options{Roots: roots})
	for _, url := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)} {
		_, err := get(t, c, url)
		refused(t, err, "is private")
	}
	if called.Load() != 0 {
		t.Error("AS104 the server was reached all the same")
	}
}

func TestClient_C4_AS104_RefusedURL(t *testing.T) {
	c := client(t, outbound.Options{AllowPrivate: true})
	for _, url := range []string{
		"http://as.example/jwks", "ftp://as.example/jwks", "file:///etc/passwd", "/jwks", "", "https://", "https:///jwks",
		"https://user:password@as.example/jwks", "https:as.example",
	} {
		_, err := get(t, c, url)
		refused(t, err, "not an https URL")
	}
}

func TestClient_C4_AS104_NoRedirect(t *testing.T) {
	var followed atomic.Bool
	s, roots := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		followed.Store(followed.Load() || r.URL.Path == "/inside")
		http.Redirect(w, r, "/inside", http.StatusFound)
	})
	_, err := get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true}), s.URL)
	refused(t, err, "status 302")
	if followed.Load() {
		t.Error("AS104 the redirect was followed")
	}
}

func TestClient_C4_OnlyStatus200(t *testing.T) {
	for _, status := range []int{http.StatusCreated, http.StatusNoContent, http.StatusNotFound, http.StatusInternalServerError} {
		s, roots := serve(t, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true}), s.URL)
		refused(t, err, fmt.Sprintf("status %d", status))
	}
}

func TestClient_C4_AS104_SizeLimit(t *testing.T) {
	s, roots := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
		if r.URL.Path == "/more" {
			w.(http.Flusher).Flush() // no Content-Length then
			_, _ = io.WriteString(w, "x")
		}
	})
	c := client(t, outbound.Options{Roots: roots, AllowPrivate: true, MaxBytes: 100})
	if body, err := get(t, c, s.URL); err != nil || len(body) != 100 {
		t.Errorf("C4 an answer at the limit: %d bytes, %v", len(body), err)
	}
	_, err := get(t, c, s.URL+"/more")
	refused(t, err, "larger than 100 bytes")
}

func TestClient_C4_N4_ServerCertificateIsVerified(t *testing.T) {
	s, roots := serve(t, nil, func(http.ResponseWriter, *http.Request) {})
	_, err := get(t, client(t, outbound.Options{AllowPrivate: true}), s.URL)
	refused(t, err, "x509")
	wrongName := strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // not in the certificate
	_, err = get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true}), wrongName)
	refused(t, err, "x509")
}

func TestClient_C4_N2_OnlyTLS13(t *testing.T) {
	s, roots := serve(t, &tls.Config{MaxVersion: tls.VersionTLS12}, func(http.ResponseWriter, *http.Request) {})
	_, err := get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true}), s.URL)
	refused(t, err, "protocol version")
}

func TestClient_C4_GivesUp(t *testing.T) {
	release := make(chan struct{})
	s, roots := serve(t, nil, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	_, err := get(t, client(t, outbound.Options{Roots: roots, AllowPrivate: true, Timeout: 50 * time.Millisecond}), s.URL)
	refused(t, err, "exceeded")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client(t, outbound.Options{Roots: roots, AllowPrivate: true}).Get(ctx, s.URL, "")
	refused(t, err, "canceled")
}

func TestClient_C4_AS104_NoProxy(t *testing.T) {
	if outbound.New(outbound.Options{}).Transport().Proxy != nil {
		t.Error("C4 a proxy of the environment would be used")
	}
}

func TestAddress_C4_AS104(t *testing.T) {
	const public, private, never = "public", "private", "never"
	cases := map[string]string{
		"8.8.8.8": public, "193.0.0.1": public, "100.63.255.255": public, "172.32.0.1": public, "2a00:1450::1": public, "2001:4860::8888": public, "::ffff:8.8.8.8": public, "::ffff:100.64.0.1": private,
		"127.0.0.1": private, "127.8.8.8": private, "10.0.0.1": private, "172.16.0.1": private, "192.168.1.1": private,
		"100.64.0.1": private, "100.127.255.255": private, "::1": private, "fd00::1": private, "::ffff:10.0.0.1": private, "::ffff:127.0.0.1": private,
		"0.0.0.0": never, "0.1.2.3": never, "169.254.169.254": never, "::ffff:169.254.169.254": never, "224.0.0.1": never, "255.255.255.255": never,
		"240.0.0.1": never, "192.0.0.8": never, "192.0.2.1": never, "198.18.0.1": never, "198.51.100.1": never, "203.0.113.1": never, "192.88.99.1": never,
		"::": never, "fe80::1": never, "ff02::1": never, "fe80::1%eth0": never, "2001:db8::1": never, "2002:a00:1::1": never, "2001::1": never,
		"64:ff9b::a00:1": never, "64:ff9b:1::1": never, "100::1": never, "3fff::1": never, "fec0::1": never, "4000::1": never, "::10.0.0.1": never,
	}
	for address, kind := range cases {
		t.Run("C4 "+address, func(t *testing.T) {
			a := netip.MustParseAddr(address)
			if allowed := outbound.CheckAddress(a, false) == nil; allowed != (kind == public) {
				t.Errorf("allowed: %v", allowed)
			}
			if allowed := outbound.CheckAddress(a, true) == nil; allowed != (kind != never) {
				t.Errorf("allowed with AllowPrivate: %v", allowed)
			}
		})
	}
}
