package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/ca"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/signer"
)

// bed is everything that a run needs: keys, an issuer, the upstream and the
// two proxies.
type bed struct {
	dir       string
	authority *x509.Certificate
	partner   tls.Certificate
	tokenKey  *jose.Signer
	issuer    string // origin of the issuer's metadata and keys
	bank      string // address of the upstream
	nginx     int    // pids of what is measured
	gateway   int
	plain     string // origins of what is measured
	partnerAt string
	publicAt  string

	opsAt   string
	keepFor []func()

	proofKey *dpop.Key
	seen     string   // one certificate-bound token
	bound    string   // one DPoP-bound token
	fresh    []string // certificate-bound tokens, each used once
	proofs   []string // of this round
	proofsAt int      // number of the round's first request
}

func newBed(ctx context.Context, dir string) (*bed, error) {
	b := &bed{dir: dir}
	for _, step := range []func(context.Context) error{b.makeKeys, b.startIssuer, b.startUpstream, b.startNginx, b.startGateway} {
		if err := step(ctx); err != nil {
			b.stop()
			return nil, err
		}
	}
	return b, nil
}

func (b *bed) stop() {
	for i := len(b.keepFor) - 1; i >= 0; i-- {
		b.keepFor[i]()
	}
}

func (b *bed) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bed) makeKeys(context.Context) error {
	now := time.Now()
	authority, err := ca.New("Bench CA", 24*time.Hour, now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path("ca.pem"), authority.CertificatePEM(), 0o644); err != nil {
		return err
	}
	block, _ := pem.Decode(authority.CertificatePEM())
	if b.authority, err = x509.ParseCertificate(block.Bytes); err != nil {
		return err
	}
	serverKey, err := b.writeKey("server.key")
	if err != nil {
		return err
	}
	server, err := authority.IssueServer([]string{"localhost", "127.0.0.1"}, serverKey.Public(), time.Hour, now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path("server.pem"), server, 0o644); err != nil {
		return err
	}
	partnerKey, err := b.writeKey("partner.key")
	if err != nil {
		return err
	}
	partner, err := authority.IssuePartner(pkix.Name{CommonName: "bench-partner"}, partnerKey.Public(), time.Hour, now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path("partner.pem"), partner, 0o644); err != nil {
		return err
	}
	if b.partner, err = tls.LoadX509KeyPair(b.path("partner.pem"), b.path("partner.key")); err != nil {
		return err
	}
	if _, err := b.writeKey("assertion.key"); err != nil {
		return err
	}
	if b.proofKey, err = dpop.GenerateKey(); err != nil {
		return err
	}
	tokenKey, err := signer.GenerateES256()
	if err != nil {
		return err
	}
	b.tokenKey, err = jose.NewSigner(tokenKey, "")
	return err
}

func (b *bed) writeKey(name string) (crypto.Signer, error) {
	key, err := signer.GenerateES256()
	if err != nil {
		return nil, err
	}
	return key, signer.WritePEM(b.path(name), key)
}

// startIssuer serves what a gateway asks of an issuer: metadata and keys.
func (b *bed) startIssuer(context.Context) error {
	certificate, err := tls.LoadX509KeyPair(b.path("server.pem"), b.path("server.key"))
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", "localhost:0", &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return err
	}
	b.issuer = "https://localhost" + l.Addr().String()[len("127.0.0.1"):]
	metadata := fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q,"token_endpoint":%q,"response_types_supported":[]}`, b.issuer, b.issuer+"/jwks", b.issuer+"/token")
	set, err := jose.NewKeySet(b.tokenKey.Public()).MarshalJSON()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	answer := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body)
		}
	}
	mux.Handle("/.well-known/oauth-authorization-server", answer([]byte(metadata)))
	mux.Handle("/.well-known/openid-configuration", answer([]byte(metadata)))
	mux.Handle("/jwks", answer(set))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	b.keepFor = append(b.keepFor, func() { _ = server.Close() })
	return nil
}

// start runs a program pinned to a core and ends it with the bed. Its output
// goes to a file in the work folder.
func (b *bed) start(core, name string, args ...string) (int, error) {
	log, err := os.Create(b.path(filepath.Base(name) + "-" + core + ".log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := exec.Command("taskset", append([]string{"-c", core, name}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	b.keepFor = append(b.keepFor, func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	return cmd.Process.Pid, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// await polls an address until it accepts, for a program that was just started.
func await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s does not answer: %w", address, errors.Join(err, ctx.Err()))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
