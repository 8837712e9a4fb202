package registry_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"

	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/registry"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

const issuer = "https://as.example"

func keySet(t *testing.T) jose.KeySet {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return jose.NewKeySet(s.Public())
}

func goodClient(t *testing.T) registry.Client {
	t.Helper()
	return registry.Client{
		Client:     clientauth.Client{ID: "partner", Method: oauth.AuthPrivateKeyJWT, Keys: keySet(t), Algorithm: "ES256"},
		Name:       "Partner",
		GrantTypes: []string{oauth.GrantClientCredentials},
		Scopes:     oauth.Scopes{"accounts.read"},
		Audiences:  []string{"https://api.example"},
		Binding:    registry.BindDPoP,
	}
}

func TestNew_AS7_AS13_C7_RefusesByReason(t *testing.T) {
	subject, err := mtls.ParseSubject("tls_client_auth_subject_dn", "CN=partner")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		edit   func(*registry.Client)
		reason string // "" when it is good
	}{
		{"AS7 a good client", func(*registry.Client) {}, ""},
		{"AS13 a good client by certificate", func(c *registry.Client) {
			c.Client = clientauth.Client{ID: "partner", Method: oauth.AuthTLSClient, Subject: subject}
		}, ""},
		{"AS7 no id", func(c *registry.Client) { c.ID = "" }, "its id must have 1 to 256 bytes"},
		{"AS7 id too long", func(c *registry.Client) { c.ID = strings.Repeat("x", 257) }, "its id must have 1 to 256 bytes"},
		{"AS7 id with a line break", func(c *registry.Client) { c.ID = "a\nb" }, "its id has a character outside printable ASCII"},
		{"AS7 no name", func(c *registry.Client) { c.Name = "" }, "it has no name"},
		{"AS7 no grant type", func(c *registry.Client) { c.GrantTypes = nil }, "it has no grant type"},
		{"AS67 no scope", func(c *registry.Client) { c.Scopes = nil }, "it has no scope"},
		{"AS71 no audience", func(c *registry.Client) { c.Audiences = nil }, "it has no audience"},
		{"AS57 no binding", func(c *registry.Client) { c.Binding = "" }, `binding "" is not one of dpop, mtls, either`},
		{"AS57 binding none", func(c *registry.Client) { c.Binding = "none" }, `binding "none" is not one of dpop, mtls, either`},
		{"AS7 public client", func(c *registry.Client) { c.Method = "none" }, `authentication method "none" is unknown`},
		{"AS9 no keys", func(c *registry.Client) { c.Keys = jose.KeySet{} }, `none of its keys can sign by "ES256"`},
		{"C7 no algorithm", func(c *registry.Client) { c.Algorithm = "" }, `none of its keys can sign by ""`},
		{"C7 algorithm of no key", func(c *registry.Client) { c.Algorithm = "PS256" }, `none of its keys can sign by "PS256"`},
		{"AS13 no subject", func(c *registry.Client) { c.Method = oauth.AuthTLSClient }, "tls_client_auth needs the subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := goodClient(t)
			c.edit(&client)
			_, err := registry.New(map[string][]registry.Client{issuer: {client}})
			switch {
			case c.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason) || !strings.Contains(err.Error(), issuer)):
				t.Errorf("got %v, want the reason %q and the issuer", err, c.reason)
			}
		})
	}
	t.Run("AS7 registered twice", func(t *testing.T) {
		_, err := registry.New(map[string][]registry.Client{issuer: {goodClient(t), goodClient(t)}})
		if err == nil || !strings.Contains(err.Error(), "registered twice") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLookup_AS7_EveryLookupNamesTheIssuer(t *testing.T) {
	const other = "https://other.example"
	mine, theirs := goodClient(t), goodClient(t)
	theirs.Name = "Another firm"
	also := goodClient(t)
	also.ID = "also"
	r, err := registry.New(map[string][]registry.Client{issuer: {mine, also}, other: {theirs}})
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := r.Lookup(issuer, "partner"); !ok || c.Name != "Partner" {
		t.Errorf("at the issuer: %q, %v", c.Name, ok)
	}
	if c, ok := r.Lookup(other, "partner"); !ok || c.Name != "Another firm" {
		t.Errorf("the same id at another issuer: %q, %v", c.Name, ok)
	}
	for _, miss := range [][2]string{{other, "also"}, {"", "partner"}, {issuer, ""}, {issuer + "/", "partner"}} {
		if _, ok := r.Lookup(miss[0], miss[1]); ok {
			t.Errorf("found %q at issuer %q", miss[1], miss[0])
		}
	}
	if list := r.Clients(issuer); len(list) != 2 || list[0].ID != "also" || list[1].ID != "partner" {
		t.Errorf("clients of the issuer: %v", list)
	}
}
