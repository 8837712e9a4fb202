package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"gatehouse.example/internal/demo/bank"
	"gatehouse.example/resource"
)

// upstream is the sample bank on a listener of its own, as a bank's API team
// would run it: it believes the gateway's signed assertion and nothing else.
type upstream struct {
	server   *http.Server
	listener net.Listener
	trust    *resource.AssertionVerifier
	cancel   context.CancelFunc
}

func openUpstream(p *place) (*upstream, error) {
	roots, err := rootsOf(p.files.Own.Certificate)
	if err != nil {
		return nil, err
	}
	origin, err := resource.ParseOrigin(p.bank())
	if err != nil {
		return nil, err
	}
	gateway := p.config.Gateway
	trust, err := resource.GatewayAssertions(resource.GatewayConfig{
		Gateway: gateway.Name, JWKSURI: gateway.Name + "/.well-known/gatehouse/jwks.json",
		Algorithms: []string{"ES256"}, Audience: gateway.Upstreams[0].Audience, Origin: origin,
		Roots: roots, AllowPrivate: true, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	handler, err := bankHandler(trust, p.config.AuthServer.Issuers[0].URL+"/token")
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(p.files.Upstream.Certificate, p.files.Upstream.Key)
	if err != nil {
		return nil, err
	}
	address := listenAddress(p.bank())
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the sample bank cannot listen on %s: %w; stop what uses the port, or choose other ports: --dir ANOTHER-FOLDER --port N", address, err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}}
	u := &upstream{listener: tls.NewListener(l, config), trust: trust, server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}}
	var ctx context.Context
	ctx, u.cancel = context.WithCancel(context.Background())
	go trust.Run(ctx)
	go func() { _ = u.server.Serve(u.listener) }()
	return u, nil
}

func bankHandler(trust *resource.AssertionVerifier, tokenURL string) (http.Handler, error) {
	caller := func(ctx context.Context) (clientID, subject string, ok bool) {
		c, ok := resource.CallerFrom(ctx)
		return c.ClientID, c.Subject, ok && !c.Anonymous
	}
	return bank.New(bank.Config{
		Protect: trust.Middleware, ProtectPublic: trust.AdmitAnonymous, Caller: caller,
		Consents: bank.SeedConsents(), TokenURL: tokenURL, Now: time.Now,
	})
}

func (u *upstream) close(ctx context.Context) error {
	u.cancel()
	return u.server.Shutdown(ctx)
}

func rootsOf(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New(file + " holds no certificate")
	}
	return roots, nil
}
