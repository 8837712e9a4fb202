package authserver_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/authserver"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/profile"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/registry"
	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

const (
	plain   = "https://as.example"
	pathed  = "https://as.example/bank/a"
	mtlsURL = "https://mtls.as.example:8443"
	bankAPI = "https://bank.example"
)

var now = time.Unix(1_800_000_000, 0)

// made is what the tests share: the sealer costs a slow key derivation.
type made struct {
	rings   map[string]*keys.Ring
	signer  *jose.Signer
	nonces  *dpop.Nonces
	profile profile.Profile
	bundle  *mtls.Bundle
}

var (
	makeOnce sync.Once
	shared   made
)

func fixture(t *testing.T) *made {
	t.Helper()
	makeOnce.Do(func() {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		shared = made{rings: map[string]*keys.Ring{}, bundle: mtlstest.NewAuthority(t).Bundle(t)}
		store := &keyStore{}
		sealer, err := secret.OpenSealer(context.Background(), store, secret.NewText("a passphrase of the tests"))
		must(err)
		for _, issuer := range []string{plain, pathed} {
			shared.rings[issuer], err = keys.OpenRing(context.Background(), store, sealer, issuer, now)
			must(err)
		}
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		shared.signer, err = jose.NewSigner(key, "")
		must(err)
		shared.nonces, err = dpop.NewNonces(make([]byte, 32), time.Minute)
		must(err)
		shared.profile, err = profile.Parse("fapi2")
		must(err)
	})
	return &shared
}

type keyStore struct {
	rows    []keys.Row
	keyring []byte
}

func (s *keyStore) SigningKeys(_ context.Context, issuer string) ([]keys.Row, error) {
	for _, r := range s.rows {
		if r.Issuer == issuer {
			return []keys.Row{r}, nil
		}
	}
	return nil, nil
}

func (s *keyStore) CreateFirstSigningKey(_ context.Context, r keys.Row) (bool, error) {
	s.rows = append(s.rows, r)
	return true, nil
}

func (s *keyStore) LoadKeyring(context.Context) ([]byte, error) { return s.keyring, nil }

func (s *keyStore) CreateKeyring(_ context.Context, b []byte) (bool, error) {
	s.keyring = b
	return true, nil
}

type grants struct{ issued []grant.Issued }

func (g *grants) RedeemMachine(_ context.Context, i grant.Issued) error {
	g.issued = append(g.issued, i)
	return nil
}

func issuerAt(t *testing.T, url string) authserver.Issuer {
	t.Helper()
	f := fixture(t)
	ring := f.rings[url]
	if ring == nil {
		ring = f.rings[plain]
	}
	return authserver.Issuer{
		URL: url, MTLSURL: mtlsURL, Profile: f.profile, Ring: ring,
		APIs:                []authserver.API{{Audience: bankAPI, Scopes: oauth.Scopes{"accounts.read", "payments.write"}}},
		AccessTokenLifetime: 10 * time.Minute, Nonces: f.nonces, ClientCA: func() *mtls.Bundle { return f.bundle },
	}
}

func partner(t *testing.T) registry.Client {
	t.Helper()
	f := fixture(t)
	return registry.Client{
		Client: clientauth.Client{ID: "partner", Method: oauth.AuthPrivateKeyJWT, Keys: jose.NewKeySet(f.signer.Public()), Algorithm: "ES256"},
		Name:   "Partner", GrantTypes: []string{oauth.GrantClientCredentials},
		Scopes: oauth.Scopes{"accounts.read"}, Audiences: []string{bankAPI}, Binding: registry.BindDPoP,
	}
}

// config is a good configuration of these issuers, each with the clients.
func config(t *testing.T, issuers []authserver.Issuer, clients ...registry.Client) authserver.Config {
	t.Helper()
	byIssuer := map[string][]registry.Client{}
	for _, is := range issuers {
		byIssuer[is.URL] = clients
	}
	r, err := registry.New(byIssuer)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(audit.File(filepath.Join(t.TempDir(), "audit.jsonl")), audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	return authserver.Config{
		Issuers: issuers, Registry: r, Grants: &grants{}, Replay: replay.NewMemory(now, 1000), Audit: log,
		Clock: func() time.Time { return now }, Metrics: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
}

func TestNew_AS2_AS8_AS71b_C1_N10_RefusesByReason(t *testing.T) {
	subject, err := mtls.ParseSubject("tls_client_auth_subject_dn", "CN=partner")
	if err != nil {
		t.Fatal(err)
	}
	byCertificate := func(c *registry.Client) {
		c.Client = clientauth.Client{ID: "partner", Method: oauth.AuthTLSClient, Subject: subject}
	}
	none := func(*registry.Client) {}
	for _, c := range []struct {
		name   string
		issuer func(*authserver.Issuer)
		client func(*registry.Client)
		reason string // "" when it is good
	}{
		{"AS2 good", func(*authserver.Issuer) {}, none, ""},
		{"AS13 good by certificate", func(*authserver.Issuer) {}, byCertificate, ""},
		{"AS2 http", func(is *authserver.Issuer) { is.URL = "http://as.example" }, none, "must be https"},
		{"AS2 no host", func(is *authserver.Issuer) { is.URL = "https:///a" }, none, "must be https"},
		{"AS2 a user", func(is *authserver.Issuer) { is.URL = "https://u@as.example" }, none, "without a user"},
		{"AS2 query", func(is *authserver.Issuer) { is.URL = plain + "?a=b" }, none, "no query or fragment"},
		{"AS2 empty query", func(is *authserver.Issuer) { is.URL = plain + "?" }, none, "no query or fragment"},
		{"AS2 fragment", func(is *authserver.Issuer) { is.URL = plain + "#a" }, none, "no query or fragment"},
		{"AS2 capitals in the host", func(is *authserver.Issuer) { is.URL = "https://AS.example" }, none, "lower-case host"},
		{"AS2 final slash", func(is *authserver.Issuer) { is.URL = plain + "/" }, none, "without a final slash"},
		{"AS2 final slash of a path", func(is *authserver.Issuer) { is.URL = plain + "/a/" }, none, "without a final slash"},
		{"AS2 dots in the path", func(is *authserver.Issuer) { is.URL = plain + "/a/../b" }, none, "plain path"},
		{"AS2 escapes in the path", func(is *authserver.Issuer) { is.URL = plain + "/a%2Fb" }, none, "plain path"},
		{"AS2 under .well-known", func(is *authserver.Issuer) { is.URL = plain + "/.well-known/a" }, none, "kept for metadata"},
		{"N10 mTLS URL with a path", func(is *authserver.Issuer) { is.MTLSURL = mtlsURL + "/a" }, none, "must be an https origin"},
		{"N10 mTLS URL over http", func(is *authserver.Issuer) { is.MTLSURL = "http://as.example" }, none, "must be an https origin"},
		{"AS71b 4 minutes", func(is *authserver.Issuer) { is.AccessTokenLifetime = 4 * time.Minute }, none, "access tokens would live 4m0s"},
		{"AS71b 16 minutes", func(is *authserver.Issuer) { is.AccessTokenLifetime = 16 * time.Minute }, none, "access tokens would live 16m0s"},
		{"AS71 no API", func(is *authserver.Issuer) { is.APIs = nil }, none, "no API"},
		{"AS71 API without audience", func(is *authserver.Issuer) { is.APIs[0].Audience = "" }, none, "has no audience"},
		{"AS71 API without scope", func(is *authserver.Issuer) { is.APIs[0].Scopes = nil }, none, "has no scope"},
		{"AS71 API twice", func(is *authserver.Issuer) { is.APIs = append(is.APIs, is.APIs[0]) }, none, "listed twice"},
		{"RS25 no profile", func(is *authserver.Issuer) { is.Profile = profile.Profile{} }, none, "required part"},
		{"RS25 no keys", func(is *authserver.Issuer) { is.Ring = nil }, none, "required part"},
		{"RS25 no nonces", func(is *authserver.Issuer) { is.Nonces = nil }, none, "required part"},
		{"RS25 no CA function", func(is *authserver.Issuer) { is.ClientCA = nil }, none, "required part"},
		{"N10 certificate-bound client without mTLS", func(is *authserver.Issuer) { is.MTLSURL = "" }, func(c *registry.Client) { c.Binding = registry.BindMTLS }, "no mTLS listener"},
		{"N10 tls_client_auth without mTLS", func(is *authserver.Issuer) { is.MTLSURL = "" }, byCertificate, "no mTLS listener"},
		{"AS13 tls_client_auth without a CA", func(is *authserver.Issuer) { is.ClientCA = mtls.AdmitAny }, byCertificate, "no CA for client certificates"},
		{"AS6 client of another grant type", func(*authserver.Issuer) {}, func(c *registry.Client) { c.GrantTypes = []string{"password"} }, `"password" is not one of profile fapi2`},
		{"AS71 client of an unknown API", func(*authserver.Issuer) {}, func(c *registry.Client) { c.Audiences = []string{"https://other.example"} }, "is no API of the issuer"},
		{"AS67 client with a scope of no API", func(*authserver.Issuer) {}, func(c *registry.Client) { c.Scopes = oauth.Scopes{"cards.read"} }, "none of the APIs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			issuer, client := issuerAt(t, plain), partner(t)
			c.issuer(&issuer)
			c.client(&client)
			_, err := authserver.New(config(t, []authserver.Issuer{issuer}, client))
			switch {
			case c.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)):
				t.Errorf("got %v, want the reason %q", err, c.reason)
			}
		})
	}
}

func TestNew_RS25_EveryServiceIsRequired(t *testing.T) {
	for name, remove := range map[string]func(*authserver.Config){
		"issuers":  func(c *authserver.Config) { c.Issuers = nil },
		"registry": func(c *authserver.Config) { c.Registry = nil },
		"grants":   func(c *authserver.Config) { c.Grants = nil },
		"replay":   func(c *authserver.Config) { c.Replay = nil },
		"audit":    func(c *authserver.Config) { c.Audit = nil },
		"clock":    func(c *authserver.Config) { c.Clock = nil },
		"metrics":  func(c *authserver.Config) { c.Metrics = nil },
		"logger":   func(c *authserver.Config) { c.Logger = nil },
	} {
		t.Run("RS25 without "+name, func(t *testing.T) {
			c := config(t, []authserver.Issuer{issuerAt(t, plain)}, partner(t))
			remove(&c)
			if _, err := authserver.New(c); err == nil {
				t.Error("it was taken")
			}
		})
	}
	t.Run("AS2 two issuers at one address", func(t *testing.T) {
		_, err := authserver.New(config(t, []authserver.Issuer{issuerAt(t, plain), issuerAt(t, plain)}, partner(t)))
		if err == nil || !strings.Contains(err.Error(), "two issuers have the address") {
			t.Errorf("got %v", err)
		}
	})
}
