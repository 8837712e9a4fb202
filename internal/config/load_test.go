package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/config/starter"
	"gatehouse.example/oauth"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// started is a folder as gatehouse init makes it, with a client of each kind.
func started(t *testing.T) starter.Result {
	t.Helper()
	o := starter.Default(now)
	o.Clients = append(o.Clients, starter.Client{
		ID: "second-partner", Name: "Second partner", Auth: oauth.AuthTLSClient,
		Scopes: []string{"accounts.read"}, Audiences: o.Clients[0].Audiences, Binding: config.BindMTLS,
	})
	r, err := starter.Write(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gatewayOnly(t *testing.T) config.Parts {
	t.Helper()
	p, err := config.Only(config.PartGateway)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(t *testing.T, path string, parts config.Parts) *config.Config {
	t.Helper()
	c, problems := config.Load(path, parts)
	if c == nil || problems != nil {
		t.Fatalf("refused:\n%s", problems)
	}
	return c
}

func TestLoad_FillsInWhatFilesHold(t *testing.T) {
	r := started(t)
	c := load(t, r.Config, config.Whole())
	i := c.AuthServer.Issuers[0]
	if i.ClientCA == nil || len(i.Clients[0].Keys.Keys()) != 1 || !i.Clients[1].Subject.Present() {
		t.Errorf("issuer: %+v", i)
	}
	g := c.Gateway
	if g.Listeners[0].Clients.Bundle != nil || g.Listeners[1].Clients.Bundle == nil || g.Issuers[0].Roots == nil || g.Upstreams[0].Roots == nil {
		t.Errorf("gateway: %+v", g)
	}
	if key, err := c.AuthServer.SealingKey.Resolve(); err != nil || len(key.Reveal()) < 16 {
		t.Errorf("sealing key: %v", err)
	}
	for _, file := range []string{r.Config, r.Server.Certificate, r.Server.Key, r.Clients[0].JWKS, r.Own.Certificate, r.Partner.Certificate} {
		if n := len(slices.DeleteFunc(slices.Clone(c.Files()), func(f string) bool { return f != file })); n != 1 {
			t.Errorf("%s is watched %d times", file, n)
		}
	}
	if slices.Contains(c.Files(), r.SealingKey) {
		t.Error("the sealing key is watched: it is read once, at start")
	}
}

// A gateway opens nothing of the server's, even when the file has its section.
func TestLoad_GatewayOpensNothingOfTheServer(t *testing.T) {
	r := started(t)
	gone := []string{r.SealingKey, r.Clients[0].JWKS, r.Own.Key, r.Partner.Key}
	for _, path := range gone {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	c := load(t, r.Config, gatewayOnly(t))
	if c.AuthServer != nil {
		t.Error("the gateway was handed the server's section")
	}
	for _, path := range gone {
		if slices.Contains(c.Files(), path) {
			t.Errorf("it watches %s", path)
		}
	}
	if _, problems := config.Load(r.Config, config.Whole()); len(problems) != 2 {
		t.Errorf("with the server two files are missed, not: %s", problems)
	}
}

// The same in an empty folder with only the gateway's own section and files.
func TestLoad_GatewayAlone(t *testing.T) {
	r, dir := started(t), t.TempDir()
	text := read(t, r.Config)
	from, to := strings.Index(text, "\nauthserver:"), strings.Index(text, "\ngateway:")
	path := write(t, filepath.Join(dir, "gatehouse.yaml"), text[:from]+text[to:])
	for _, own := range []string{"tls/server.pem", "tls/server.key", "tls/ca.pem", "tls/partner-ca.pem", "secrets/gateway-assertion.key"} {
		write(t, filepath.Join(dir, own), read(t, filepath.Join(r.Dir, own)))
	}
	if c := load(t, path, config.Whole()); c.Gateway == nil || c.AuthServer != nil {
		t.Errorf("%+v", c)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad_C2_C7_Refusals(t *testing.T) {
	chmod := func(path string, mode os.FileMode) func(*testing.T) {
		return func(t *testing.T) {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	replace := func(path, text string) func(*testing.T) { return func(t *testing.T) { write(t, path, text) } }
	for _, c := range []struct {
		name   string
		damage func(r starter.Result) func(*testing.T)
		want   []string // what each problem ends with, after its key
	}{
		{"a TLS key that others may read", func(r starter.Result) func(*testing.T) { return chmod(r.Server.Key, 0o644) },
			[]string{"authserver.tls.key: private file {dir}/tls/server.key is open to others (mode 0644); run: chmod 600 {dir}/tls/server.key",
				"gateway.listeners[0].tls.key: private file", "gateway.listeners[1].tls.key: private file"}},
		{"a sealing key that others may read", func(r starter.Result) func(*testing.T) { return chmod(r.SealingKey, 0o604) },
			[]string{"authserver.sealing_key: private file {dir}/secrets/sealing.key is open to others (mode 0604)"}},
		{"an assertion key that the group may write", func(r starter.Result) func(*testing.T) {
			return chmod(filepath.Join(r.Dir, "secrets/gateway-assertion.key"), 0o660)
		}, []string{"gateway.assertion_key: private file {dir}/secrets/gateway-assertion.key is open to others (mode 0660)"}},
		{"a key of another certificate", func(r starter.Result) func(*testing.T) {
			return func(t *testing.T) { write(t, r.Server.Key, read(t, r.Upstream.Key)) }
		}, []string{"authserver.tls.key: is not the key of the certificate beside it",
			"gateway.listeners[0].tls.key: is not the key", "gateway.listeners[1].tls.key: is not the key"}},
		{"a damaged key", func(r starter.Result) func(*testing.T) {
			return replace(filepath.Join(r.Dir, "secrets/gateway-assertion.key"), "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n")
		}, []string{"gateway.assertion_key: private key file {dir}/secrets/gateway-assertion.key cannot be used"}},
		{"no bundle", func(r starter.Result) func(*testing.T) {
			return func(t *testing.T) { _ = os.Remove(r.Partner.Certificate) }
		}, []string{`authserver.issuers[0].client_ca: "{dir}/tls/partner-ca.pem": the file does not exist`,
			`gateway.listeners[1].client_certificates.ca: "{dir}/tls/partner-ca.pem": the file does not exist`}},
		{"a bundle that is a folder", func(r starter.Result) func(*testing.T) {
			return func(t *testing.T) { _ = os.Remove(r.Partner.Certificate); _ = os.Mkdir(r.Partner.Certificate, 0o700) }
		}, []string{"authserver.issuers[0].client_ca: \"{dir}/tls/partner-ca.pem\": is not a regular file", "gateway.listeners[1].client_certificates.ca: "}},
		{"a bundle with a partner's certificate", func(r starter.Result) func(*testing.T) {
			return func(t *testing.T) { write(t, r.Partner.Certificate, read(t, r.Clients[0].Certificate.Certificate)) }
		}, []string{"authserver.issuers[0].client_ca: \"{dir}/tls/partner-ca.pem\": certificate 1 of the bundle", "gateway.listeners[1].client_certificates.ca: "}},
		{"roots that are none", func(r starter.Result) func(*testing.T) { return replace(r.Own.Certificate, "hunter2") },
			[]string{`gateway.issuers[0].ca: "{dir}/tls/ca.pem": holds no PEM certificate`, "gateway.upstreams[0].ca: "}},
		{"a certificate that is none", func(r starter.Result) func(*testing.T) { return replace(r.Server.Certificate, "hunter2") },
			[]string{`authserver.tls.certificate: "{dir}/tls/server.pem": does not begin with a PEM certificate`,
				"gateway.listeners[0].tls.certificate: ", "gateway.listeners[1].tls.certificate: "}},
		{"C7 keys of another algorithm", func(r starter.Result) func(*testing.T) {
			return replace(r.Clients[0].JWKS, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
		}, []string{`authserver.issuers[0].clients[0].jwks: "{dir}/clients/first-partner.jwks.json": holds no key for ES256, this client's signing_alg`}},
		{"C2 a private key among the keys", func(r starter.Result) func(*testing.T) {
			return replace(r.Clients[0].JWKS, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`)
		}, []string{`authserver.issuers[0].clients[0].jwks: "{dir}/clients/first-partner.jwks.json": key 0 of the JWK Set`}},
		{"the sealing key linked into the data folder", func(r starter.Result) func(*testing.T) {
			return func(t *testing.T) {
				write(t, filepath.Join(r.Dir, "data/hidden"), "hunter2-hunter2-hunter2")
				_ = os.Remove(r.SealingKey)
				if err := os.Symlink("../data/hidden", r.SealingKey); err != nil {
					t.Fatal(err)
				}
			}
		}, []string{"authserver.sealing_key: is inside the data folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := started(t)
			c.damage(r)(t)
			config, problems := config.Load(r.Config, config.Whole())
			if config != nil || len(problems) != len(c.want) {
				t.Fatalf("%d problems are wanted, not:\n%s", len(c.want), problems)
			}
			for i, want := range c.want {
				got := problems[i].Key + ": " + problems[i].Text
				if !strings.HasPrefix(got, strings.ReplaceAll(want, "{dir}", r.Dir)) || problems[i].Line == 0 {
					t.Errorf("got %s\nwant %s", problems[i], want)
				}
			}
			for _, secret := range []string{"hunter2", "aHVudGVyMg", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"} {
				if strings.Contains(problems.String(), secret) {
					t.Errorf("a secret is shown: %s", problems)
				}
			}
		})
	}
}

func TestLoad_NoFile(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "none.yaml: the file does not exist",
		dir:                             dir + ": is not a regular file",
	} {
		c, problems := config.Load(path, config.Whole())
		if c != nil || len(problems) != 1 || !strings.HasSuffix(problems.String(), want) {
			t.Errorf("got %s, want %s", problems, want)
		}
	}
}

// A key given by systemd is found in its folder, and missed without systemd.
func TestLoad_Credential(t *testing.T) {
	r := started(t)
	text := strings.Replace(read(t, r.Config), "assertion_key: file:secrets/gateway-assertion.key", "assertion_key: credential:gateway-assertion.key", 1)
	write(t, r.Config, text)
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Join(r.Dir, "secrets"))
	if c := load(t, r.Config, gatewayOnly(t)); c.Gateway.AssertionKeyFile != filepath.Join(r.Dir, "secrets/gateway-assertion.key") {
		t.Errorf("found at %s", c.Gateway.AssertionKeyFile)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	_, problems := config.Load(r.Config, gatewayOnly(t))
	if len(problems) != 1 || !strings.Contains(problems.String(), "gateway.assertion_key: systemd gave this service no credentials") {
		t.Errorf("got %s", problems)
	}
}
