package token_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/authserver/token"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/secret"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

const (
	issuer   = "https://as.example"
	frontURL = "https://as.example/token"
	mtlsURL  = "https://mtls.as.example/token"
	bankAPI  = "https://bank.example"
	cardsAPI = "https://cards.example"
)

var now = time.Unix(1_800_000_000, 0)

// fixed is what no test changes, made once.
type fixed struct {
	ring      *keys.Ring
	registry  *registry.Registry
	signer    *jose.Signer // of every client that signs
	stranger  *jose.Signer // registered nowhere, under the same kid
	key       *dpop.Key
	nonces    *dpop.Nonces
	authority *mtlstest.Authority
	partner   tls.Certificate // of the client "cert"
	profile   profile.Profile
}

var (
	fixedOnce sync.Once
	fixtures  fixed
)

func fixture(t testing.TB) *fixed {
	t.Helper()
	fixedOnce.Do(func() { fixtures = newFixed(t) })
	return &fixtures
}

func newFixed(t testing.TB) fixed {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f := fixed{signer: newSigner(t), stranger: newSigner(t), authority: mtlstest.NewAuthority(t)}
	f.partner = f.authority.Client(t, "partner")
	var err error
	f.profile, err = profile.Parse("fapi2")
	must(err)
	sealer, err := secret.OpenSealer(context.Background(), &keyStore{}, secret.NewText("a passphrase of the tests"))
	must(err)
	f.ring, err = keys.OpenRing(context.Background(), &keyStore{}, sealer, issuer, now)
	must(err)
	f.key, err = dpop.GenerateKey()
	must(err)
	f.nonces, err = dpop.NewNonces(make([]byte, 32), 5*time.Minute)
	must(err)
	subject, err := mtls.ParseSubject("tls_client_auth_subject_dn", "CN=partner")
	must(err)
	f.registry, err = registry.New(map[string][]registry.Client{
		issuer:                  clients(jose.NewKeySet(f.signer.Public()), subject),
		"https://other.example": {of("elsewhere", jose.NewKeySet(f.signer.Public()), registry.BindDPoP)},
	})
	must(err)
	return f
}

func newSigner(t testing.TB) *jose.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func of(id string, set jose.KeySet, binding string) registry.Client {
	return registry.Client{
		Client: clientauth.Client{ID: id, Method: oauth.AuthPrivateKeyJWT, Keys: set, Algorithm: "ES256"},
		Name:   id, GrantTypes: []string{oauth.GrantClientCredentials},
		Scopes: oauth.Scopes{"accounts.read", "cards.read"}, Audiences: []string{bankAPI}, Binding: binding,
	}
}

func clients(set jose.KeySet, subject mtls.Subject) []registry.Client {
	either, batch, cert := of("either", set, registry.BindEither), of("batch", set, registry.BindDPoP), of("cert", set, registry.BindMTLS)
	either.Audiences = []string{bankAPI, cardsAPI}
	batch.GrantTypes = []string{"urn:example:another"}
	cert.Client = clientauth.Client{ID: "cert", Method: oauth.AuthTLSClient, Subject: subject}
	return []registry.Client{of("partner", set, registry.BindDPoP), either, batch, cert, of("bound", set, registry.BindMTLS)}
}

// keyStore is a keys.Store and a secret.KeyringStore for one key.
type keyStore struct {
	rows    []keys.Row
	keyring []byte
}

func (s *keyStore) SigningKeys(context.Context, string) ([]keys.Row, error) { return s.rows, nil }
func (s *keyStore) CreateFirstSigningKey(_ context.Context, r keys.Row) (bool, error) {
	s.rows = append(s.rows, r)
	return true, nil
}
func (s *keyStore) LoadKeyring(context.Context) ([]byte, error) { return s.keyring, nil }
func (s *keyStore) CreateKeyring(_ context.Context, b []byte) (bool, error) {
	s.keyring = b
	return true, nil
}

var errDisk = errors.New("disk on fire")

// stores is the grant and replay store of one world.
type stores struct {
	mu     sync.Mutex
	spent  map[secret.Digest]bool
	issued []grant.Issued
	fail   string // "spend", "redeem" or "panic"
}

func (s *stores) Spend(_ context.Context, _ string, key secret.Digest, _, _ time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == "spend" {
		return false, errDisk
	}
	won := !s.spent[key]
	s.spent[key] = true
	return won, nil
}

func (s *stores) RedeemMachine(_ context.Context, i grant.Issued) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.fail {
	case "redeem":
		return errDisk
	case "panic":
		panic("store lost its mind")
	}
	s.issued = append(s.issued, i)
	return nil
}

// world is one endpoint over stores of its own.
type world struct {
	*fixed
	t       testing.TB
	stores  *stores
	audit   *audit.Log
	logFile string
	log     *bytes.Buffer // of slog
	metrics *prometheus.Registry
	counts  *token.Metrics
	require bool // nonces
	bundle  func() *mtls.Bundle
}

// newWorld makes a world; its audit log lives until the test ends.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		fixed: fixture(t), t: t, stores: &stores{spent: map[secret.Digest]bool{}},
		logFile: filepath.Join(t.TempDir(), "audit.jsonl"), log: &bytes.Buffer{}, metrics: prometheus.NewRegistry(),
	}
	var err error
	if w.audit, err = audit.Open(audit.File(w.logFile), audit.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.audit.Close(context.Background()) })
	if w.counts, err = token.NewMetrics(w.metrics); err != nil {
		t.Fatal(err)
	}
	bundle := w.authority.Bundle(t)
	w.bundle = func() *mtls.Bundle { return bundle }
	return w
}

func (w *world) endpoint() *token.Endpoint {
	return token.New(token.Issuer{
		URL: issuer, Profile: w.profile, Ring: w.ring,
		Scopes:   map[string]oauth.Scopes{bankAPI: {"accounts.read", "payments.write"}, cardsAPI: {"cards.read"}},
		Lifetime: 10 * time.Minute, Nonces: w.nonces, NonceRequired: w.require, ClientCA: w.bundle,
	}, token.Services{
		Registry: w.registry, Grants: w.stores, Replay: w.stores, Audit: w.audit,
		Clock: func() time.Time { return now }, Metrics: w.counts, Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}
