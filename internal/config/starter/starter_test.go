package starter

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/signer"
	"gatehouse.example/oauth"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func written(t *testing.T, o Options) Result {
	t.Helper()
	r, err := Write(filepath.Join(t.TempDir(), "new"), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func loaded(t *testing.T, r Result) *config.Config {
	t.Helper()
	c, problems := config.Load(r.Config, config.Whole())
	if problems != nil {
		t.Fatalf("what the starter wrote is refused:\n%s", problems)
	}
	return c
}

func TestWrite_PassesLoad(t *testing.T) {
	r := written(t, Default(now))
	c := loaded(t, r)
	if c.AuthServer == nil || c.Gateway == nil || len(c.Gateway.Routes) != 5 || len(c.AuthServer.Issuers[0].Clients) != 1 {
		t.Errorf("read as %+v", c)
	}
	if key, err := c.AuthServer.SealingKey.Resolve(); err != nil || len(key.Reveal()) != 43 {
		t.Errorf("the sealing key is not 256 bits in base64url: %v", err)
	}
	if len(c.Unsafe) != 1 || c.Unsafe[0].Key != "gateway.routes[4].unsafe_public" {
		t.Errorf("unsafe: %+v", c.Unsafe)
	}
}

// Only the owner reads what is private, and nobody else writes anything.
func TestWrite_Modes(t *testing.T) {
	r := written(t, Default(now))
	if len(r.Written) != 16 {
		t.Errorf("%d files: %v", len(r.Written), r.Written)
	}
	err := filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !slices.Contains(r.Written, r.relative(path)) {
			t.Errorf("%s is not among what was written", path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		private := strings.HasSuffix(path, ".key")
		if private != (mode == 0o600) || mode&0o022 != 0 || !private && strings.Contains(string(data), "PRIVATE KEY") {
			t.Errorf("%s has mode %04o", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What is there stays as it is, and nothing is put beside it.
func TestWrite_RefusesToOverwrite(t *testing.T) {
	for _, there := range []string{"gatehouse.yaml", "tls/ca.pem", "secrets/sealing.key", "clients/first-partner.yaml"} {
		dir := t.TempDir()
		path := filepath.Join(dir, there)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Write(dir, Default(now))
		if err == nil || err.Error() != "nothing was written, for there is already: "+path+"; choose another folder with --dir" {
			t.Errorf("%s: %v", there, err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
			t.Errorf("%s was changed", there)
		}
		if n := count(t, dir); n != 1 {
			t.Errorf("%s: %d files are there now", there, n)
		}
	}
}

func count(t *testing.T, dir string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A failure on the way takes back what this run wrote.
func TestWrite_TakesBackOnFailure(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("a file where a folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Default(now)
	o.SealingKeyInData = "a trial"
	if _, err := Write(dir, o); err == nil {
		t.Fatal("it went well, where it cannot")
	}
	if n := count(t, dir); n != 1 {
		t.Errorf("%d files are left", n)
	}
}

// What the demonstration asks for: other ports, two APIs, clients of both
// kinds, the sealing key in the data folder, records to stdout.
func TestWrite_Parametric(t *testing.T) {
	o := Default(now)
	o.Ports = Ports{AuthServer: 19441, MTLS: 19442, Public: 19443, Partner: 19444, Upstream: 19445, Operations: 19440}
	o.APIs = []API{
		{Audience: URL(19443), Scopes: []string{"accounts.read", "payments.write", "transactions.read"}},
		{Audience: "urn:other:api", Scopes: []string{"accounts.read"}},
	}
	o.Clients = []Client{
		{ID: "one", Name: `The "first" one`, Auth: oauth.AuthPrivateKeyJWT, Scopes: []string{"accounts.read"}, Audiences: []string{URL(19443), "urn:other:api"}, Binding: config.BindDPoP},
		{ID: "two", Name: "Two, Ltd.", Auth: oauth.AuthTLSClient, Scopes: []string{"payments.write"}, Audiences: []string{URL(19443)}, Binding: config.BindMTLS},
	}
	o.SealingKeyInData, o.AuditSink = "a demonstration", "stdout"
	r := written(t, o)
	c := loaded(t, r)
	if !c.Audit.Stdout || c.Operations.Listen != "127.0.0.1:19440" || len(c.Unsafe) != 2 ||
		c.AuthServer.SealingKey.Path() != filepath.Join(c.AuthServer.Data, "sealing.key") {
		t.Errorf("read as %+v", c)
	}
	one, two := c.AuthServer.Issuers[0].Clients[0], c.AuthServer.Issuers[0].Clients[1]
	if one.Name != `The "first" one` || len(one.Audiences) != 2 || two.Auth != oauth.AuthTLSClient || !two.Subject.Present() {
		t.Errorf("clients: %+v, %+v", one, two)
	}
	if want := `CN=two,O=Two\, Ltd.`; !strings.Contains(two.Subject.String(), want) {
		t.Errorf("subject %s, want %s", two.Subject, want)
	}
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// Servers and partners have an authority each, and neither vouches for the
// other's.
func TestWrite_Certificates(t *testing.T) {
	r := written(t, Default(now))
	verify := func(path, ca string, use x509.ExtKeyUsage, name string) error {
		roots := x509.NewCertPool()
		roots.AddCert(certificate(t, ca))
		_, err := certificate(t, path).Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{use}, DNSName: name, CurrentTime: now})
		return err
	}
	for _, server := range []Pair{r.Server, r.Upstream} {
		if err := verify(server.Certificate, r.Own.Certificate, x509.ExtKeyUsageServerAuth, "localhost"); err != nil {
			t.Error(err)
		}
		if err := verify(server.Certificate, r.Partner.Certificate, x509.ExtKeyUsageAny, ""); err == nil {
			t.Error("the partners' authority vouches for a server")
		}
	}
	client := r.Clients[0].Certificate.Certificate
	if err := verify(client, r.Partner.Certificate, x509.ExtKeyUsageClientAuth, ""); err != nil {
		t.Error(err)
	}
	if err := verify(client, r.Own.Certificate, x509.ExtKeyUsageAny, ""); err == nil {
		t.Error("the servers' authority vouches for a partner")
	}
}

// The client's file has what gatehouse call needs, and its paths lead there.
func TestWrite_ClientFile(t *testing.T) {
	r := written(t, Default(now))
	data, err := os.ReadFile(r.Clients[0].File)
	if err != nil {
		t.Fatal(err)
	}
	var call map[string]string
	if err := yaml.Unmarshal(data, &call); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"issuer": "https://localhost:9441", "client_id": "first-partner",
		"scope": "accounts.read transactions.read", "audience": "https://localhost:9443",
	} {
		if call[key] != want {
			t.Errorf("%s: %s, want %s", key, call[key], want)
		}
		delete(call, key)
	}
	folder := filepath.Dir(r.Clients[0].File)
	for _, key := range []string{"key", "certificate_key"} {
		if _, err := signer.LoadPEM(filepath.Join(folder, call[key])); err != nil {
			t.Error(err)
		}
		delete(call, key)
	}
	for _, key := range []string{"certificate", "ca"} {
		certificate(t, filepath.Join(folder, call[key]))
		delete(call, key)
	}
	if len(call) != 0 {
		t.Errorf("it also has %v", call)
	}
}

func TestResult_Next(t *testing.T) {
	r := Layout("bank", Default(now))
	want := []string{
		"gatehouse config check -c bank/gatehouse.yaml",
		"gatehouse serve -c bank/gatehouse.yaml",
		"gatehouse call --client bank/clients/first-partner.yaml https://localhost:9443/accounts",
	}
	if got := r.Next(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
