package fapiclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse.example/fapiclient"
)

func TestNew_CL1_CL8_RefusesWhatCannotBeSafe(t *testing.T) {
	s := newSetup(t, atNoon)
	good := s.config(t)
	certificate := issue("partner-1", x509.ExtKeyUsageClientAuth)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, rule, reason string
		change             func(*fapiclient.Config)
	}{
		{"CL8 no server", "CL8", "The client has no server: use Discover.", func(c *fapiclient.Config) { c.Server = nil }},
		{"CL1 no client_id", "CL1", "The client has no client_id.", func(c *fapiclient.Config) { c.ClientID = "" }},
		{"CL21 no clock", "CL21", "The client has no clock.", func(c *fapiclient.Config) { c.Now = nil }},
		{"CL1 no authentication", "CL1", "The client has no way to authenticate: use PrivateKeyJWT or TLSClient.",
			func(c *fapiclient.Config) { c.Authentication = fapiclient.Authentication{} }},
		{"CL1 no binding", "CL1", "The client binds its tokens to nothing: use DPoP or Certificate.",
			func(c *fapiclient.Config) { c.Binding = fapiclient.Binding{} }},
		{"CL1 two certificates", "CL1", "The client authenticates by one certificate and binds to another; one connection has only one.",
			func(c *fapiclient.Config) {
				c.Authentication = fapiclient.TLSClient(certificate)
				c.Binding = fapiclient.Certificate(issue("other", x509.ExtKeyUsageClientAuth))
			}},
		{"CL1 empty certificate", "CL1", "The client certificate is empty or has no private key.",
			func(c *fapiclient.Config) { c.Authentication = fapiclient.TLSClient(tls.Certificate{}) }},
		{"C1 key of another curve", "C1", "The client's key cannot sign assertions.",
			func(c *fapiclient.Config) { c.Authentication = fapiclient.PrivateKeyJWT(p384, "") }},
		{"C2 small key", "C1", "The client's key cannot sign assertions.",
			func(c *fapiclient.Config) { c.Authentication = fapiclient.PrivateKeyJWT(small, "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			_, err := fapiclient.New(cfg)
			wantStop(t, err, c.rule, c.reason)
		})
	}
}

func TestNew_CL1_CL8_AsksOnlyWhatTheServerOffers(t *testing.T) {
	for _, c := range []struct {
		name, member, rule, reason string
		value                      any
	}{
		{"CL1 no private_key_jwt", "token_endpoint_auth_methods_supported", "CL1", "The authorization server does not offer the client authentication method private_key_jwt.", []string{"client_secret_basic"}},
		{"C1 assertions by PS256 only", "token_endpoint_auth_signing_alg_values_supported", "C1", "The authorization server does not accept assertions signed by ES256.", []string{"PS256"}},
		{"CL1 no DPoP", "dpop_signing_alg_values_supported", "CL1", "The authorization server does not accept DPoP proofs signed by ES256.", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSetup(t, atNoon)
			s.metadata = map[string]any{c.member: c.value}
			_, err := fapiclient.New(s.config(t))
			wantStop(t, err, c.rule, c.reason)
		})
	}
	t.Run("CL1 no certificate-bound tokens", func(t *testing.T) {
		s := newSetup(t, atNoon)
		s.metadata = map[string]any{"tls_client_certificate_bound_access_tokens": false}
		cfg := s.config(t)
		cfg.Binding = fapiclient.Certificate(issue("partner-1", x509.ExtKeyUsageClientAuth))
		_, err := fapiclient.New(cfg)
		wantStop(t, err, "CL1", "The authorization server does not bind tokens to certificates.")
	})
	t.Run("CL8 no client_credentials", func(t *testing.T) {
		s := newSetup(t, atNoon)
		s.metadata = map[string]any{"grant_types_supported": nil}
		_, err := s.client(t).ClientCredentials(t.Context(), fapiclient.TokenRequest{})
		wantStop(t, err, "CL8", "The authorization server does not offer the client_credentials grant.")
	})
}

func TestNew_N4_N2_NoWayAroundVerification(t *testing.T) {
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("unused") }
	const own = "The HTTP transport brings its own TLS dialer, which cannot be seen to verify the server."
	for _, c := range []struct {
		name, rule, reason string
		rt                 http.RoundTripper
	}{
		{"N4 verification off", "N4", "The HTTP client does not verify server certificates.",
			&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
		{"N4 one name for every host", "N4", "The HTTP client expects one fixed server name instead of the name in each URL.",
			&http.Transport{TLSClientConfig: &tls.Config{ServerName: "as.example"}}},
		{"N4 own TLS dialer", "N4", own, &http.Transport{DialTLSContext: dial}},
		{"N4 opaque round tripper", "N4", "The HTTP client's Transport must be a *http.Transport, because another cannot be seen to verify the server.", opaque{}},
		{"N2 TLS 1.1", "N2", "The HTTP client allows a TLS version before 1.2.",
			&http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS11}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			hc := &http.Client{Transport: c.rt}
			_, err := fapiclient.Discover(t.Context(), hc, issuer)
			wantStop(t, err, c.rule, c.reason)
			s := newSetup(t, atNoon)
			cfg := s.config(t)
			cfg.HTTP = hc
			_, err = fapiclient.New(cfg)
			wantStop(t, err, c.rule, c.reason)
		})
	}
}

type opaque struct{}

func (opaque) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("unused") }

// These run on loopback: a refused handshake has both sides write at once,
// which net.Pipe cannot carry.
func TestDiscover_N4_N2_ServerMustProveItself(t *testing.T) {
	served := func(t *testing.T, maxVersion uint16) *httptest.Server {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{MaxVersion: maxVersion}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	dialing := func(s *httptest.Server, roots *x509.CertPool) *http.Client {
		return &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
			},
		}}
	}
	trusting := func(s *httptest.Server) *x509.CertPool {
		pool := x509.NewCertPool()
		pool.AddCert(s.Certificate())
		return pool
	}
	t.Run("N4 authority not trusted", func(t *testing.T) {
		s := served(t, 0)
		_, err := fapiclient.Discover(t.Context(), dialing(s, x509.NewCertPool()), "https://example.com")
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("N4 certificate of another host", func(t *testing.T) {
		s := served(t, 0)
		_, err := fapiclient.Discover(t.Context(), dialing(s, trusting(s)), "https://evil.test")
		var name x509.HostnameError
		if !errors.As(err, &name) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("N2 server that speaks only TLS 1.2", func(t *testing.T) {
		s := served(t, tls.VersionTLS12)
		_, err := fapiclient.Discover(t.Context(), dialing(s, trusting(s)), "https://example.com")
		if err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("N2 server that speaks only TLS 1.2, allowed in so many words", func(t *testing.T) {
		s := served(t, tls.VersionTLS12)
		hc := dialing(s, trusting(s))
		hc.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS12
		_, err := fapiclient.Discover(t.Context(), hc, "https://example.com")
		wantStop(t, err, "CL8", "The issuer gave no metadata.") // a 404, over TLS 1.2
	})
}
