package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/serve"
	"gatehouse.example/internal/signer"
)

// Options say how to run the demo.
type Options struct {
	Dir    string // where everything is made and kept
	Port   int    // the first of six ports; 0 takes free ones
	Once   bool   // end after the demonstration
	Out    io.Writer
	Logger *slog.Logger
	Hangup <-chan struct{} // each value reloads the configuration
}

// ErrOutcome says that a scene ended otherwise than it must.
var ErrOutcome = errors.New("the demonstration did not go as stated")

// Run makes or finds the demo, starts it, shows it, and serves until ctx ends
// or, with Once, until it was shown.
func Run(ctx context.Context, o Options) error {
	began := time.Now()
	p, err := prepare(o.Dir, o.Port, began)
	if err != nil {
		return err
	}
	bank, err := openUpstream(p)
	if err != nil {
		return err
	}
	server, err := serve.Start(ctx, serve.Options{File: p.files.Config, Parts: config.Whole(), Logger: o.Logger})
	if err != nil {
		return errors.Join(err, bank.close(ctx))
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(serving, o.Hangup) }()

	err = show(ctx, p, server, bank, o, began)
	if o.Once || err != nil && !errors.Is(err, ErrOutcome) {
		stop()
	}
	served := <-ended
	if !o.Once && ctx.Err() != nil {
		fmt.Fprintln(o.Out, "Drained. Start it again with the same folder, and every key and client is as before.")
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, served, bank.close(closing))
}

func show(ctx context.Context, p *place, server *serve.Server, bank *upstream, o Options, began time.Time) error {
	if err := ready(ctx, server, bank); err != nil {
		return err
	}
	r := report{o.Out}
	r.house(p, server.OperationsAddr(), time.Since(began))
	s, err := newStage(ctx, p)
	if err != nil {
		return err
	}
	right := r.play(ctx, s, scenes)
	if !o.Once {
		r.next(p)
	}
	if !right {
		return ErrOutcome
	}
	return nil
}

// ready waits until the gateway has the issuer's keys and the bank those of
// the gateway, all fetched over the network.
func ready(ctx context.Context, server *serve.Server, bank *upstream) error {
	if err := server.AwaitReady(ctx, 20*time.Second); err != nil {
		return err
	}
	limit := time.After(20 * time.Second)
	for bank.trust.Ready() != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("the sample bank: %w", bank.trust.Ready())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

func newStage(ctx context.Context, p *place) (*stage, error) {
	roots, err := rootsOf(p.files.Own.Certificate)
	if err != nil {
		return nil, err
	}
	s := &stage{public: p.origin("public"), partner: p.origin("partner"), bank: p.bank(), audience: p.audience(), other: reportsAudience}
	if s.client, err = p.keyed(ctx, roots, clientDPoP); err != nil {
		return nil, err
	}
	if s.reports, err = p.keyed(ctx, roots, clientReports); err != nil {
		return nil, err
	}
	files := p.client(clientMTLS).Certificate
	certificate, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		return nil, err
	}
	s.certificate, err = byCertificate(ctx, plain(roots), p.issuer(), clientMTLS, certificate)
	return s, err
}

func (p *place) keyed(ctx context.Context, roots *x509.CertPool, id string) (*partner, error) {
	key, err := signer.LoadPEM(p.client(id).Key)
	if err != nil {
		return nil, err
	}
	return byKey(ctx, plain(roots), p.issuer(), id, key)
}

// plain trusts the demo's CA and sends no certificate.
func plain(roots *x509.CertPool) *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
	}}
}
