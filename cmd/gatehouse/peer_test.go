package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/signer"
)

// peer finds a program that was not written here. Without it a test is left
// out on a developer's machine, and fails where GATEHOUSE_CI says that
// everything must be there.
func peer(t *testing.T, name string, needs ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	for _, file := range needs {
		if err == nil {
			_, err = os.Stat(file)
		}
	}
	if err != nil {
		if os.Getenv("GATEHOUSE_CI") != "" {
			t.Fatalf("%s must be here: %v", name, err)
		}
		t.Skipf("%s is not here: %v", name, err)
	}
	return path
}

// Node's openid-client gets a DPoP-bound token by client credentials with
// private_key_jwt, after a nonce was asked for, and calls the API.
func TestPeerOpenIDClient_AS1_AS8_AS9_AS59_AS63_AS64_RS7_RS13(t *testing.T) {
	node := peer(t, "node", "testdata/node/node_modules/openid-client")
	d := startDemo(t)
	key, err := signer.LoadPEM(d.path("clients/demo-partner.key"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	private := gojose.JSONWebKey{Key: key, KeyID: public.Public().KeyID}
	arguments, err := json.Marshal(map[string]any{
		"issuer": d.issuer(), "clientId": "demo-partner", "jwk": private,
		"url": d.origin(t, "public") + "/accounts", "scope": "accounts.read", "resource": d.audience(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "testdata/node/partner.mjs", string(arguments))
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+d.path("tls/ca.pem"))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var got struct {
		TokenType, Scope string
		RefreshToken     bool
		Status, Again    int
		Seen             []struct {
			URL    string
			Status int
			Nonce  bool
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.TokenType != "dpop" || got.Scope != "accounts.read" || got.RefreshToken || got.Status != 200 || got.Again != 200 {
		t.Errorf("openid-client got %s", out)
	}
	retried := false
	for i, s := range got.Seen {
		if s.Status == 400 && s.Nonce && i+1 < len(got.Seen) && got.Seen[i+1].Status == 200 {
			retried = true
		}
	}
	if !retried {
		t.Errorf("no nonce was asked for and given: %s", out)
	}
}

// curl does the same with a client certificate: tls_client_auth at the mTLS
// alias, then the partner listener with a certificate-bound token.
func TestPeerCurl_AS8_AS13_AS58_N10_RS5(t *testing.T) {
	curl := peer(t, "curl")
	d := startDemo(t)
	certificate := []string{"--cert", d.path("clients/demo-partner-mtls.pem"), "--key", d.path("clients/demo-partner-mtls.tls.key")}
	run := func(args ...string) []byte {
		t.Helper()
		args = append([]string{"--silent", "--show-error", "--tlsv1.3", "--cacert", d.path("tls/ca.pem")}, args...)
		out, err := exec.Command(curl, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		return out
	}
	var metadata struct {
		Aliases map[string]string `json:"mtls_endpoint_aliases"`
	}
	if err := json.Unmarshal(run(d.issuer()+"/.well-known/openid-configuration"), &metadata); err != nil {
		t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	reply := run(append(certificate, "-d", "grant_type=client_credentials", "-d", "client_id=demo-partner-mtls",
		"-d", "scope=accounts.read", "--data-urlencode", "resource="+d.audience(), metadata.Aliases["token_endpoint"])...)
	if err := json.Unmarshal(reply, &token); err != nil || token.TokenType != "Bearer" || token.AccessToken == "" {
		t.Fatalf("token endpoint: %s", reply)
	}
	reply = run(append(certificate, "--fail-with-body", "-H", "Authorization: Bearer "+token.AccessToken, d.origin(t, "partner")+"/accounts")...)
	var accounts struct{ Accounts []any }
	if err := json.Unmarshal(reply, &accounts); err != nil || len(accounts.Accounts) == 0 {
		t.Fatalf("partner listener: %s", reply)
	}
	// The same token without the certificate, on the public listener.
	status := run("--output", filepath.Join(t.TempDir(), "body"), "--write-out", "%{http_code}",
		"-H", "Authorization: Bearer "+token.AccessToken, d.origin(t, "public")+"/accounts")
	if string(status) != "401" {
		t.Errorf("the token without its certificate: %s", status)
	}
}
