package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/signer"
)

// callWorld is an authorization server and an API, in one TLS server, and a
// folder with a client's files. What the two exchange is judged in package
// fapiclient and, with the real program, in the scripts; here only what the
// command does with it is.
type callWorld struct {
	*httptest.Server
	dir   string
	forms []string                                 // what the token endpoint was asked
	calls []string                                 // what the API was asked: method, path, body
	token func(http.ResponseWriter, *http.Request) // answers instead of the honest endpoint
	api   func(http.ResponseWriter, *http.Request)
	seen  http.Header // of the last API call
}

func newCallWorld(t *testing.T) *callWorld {
	t.Helper()
	w := &callWorld{dir: t.TempDir()}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	w.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.StartTLS()
	t.Cleanup(w.Close)
	w.writeClient(t, "partner", "")
	return w
}

func (w *callWorld) serve(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{
			"issuer": w.URL, "token_endpoint": w.URL + "/token", "grant_types_supported": []string{"client_credentials"},
			"token_endpoint_auth_methods_supported":      []string{"private_key_jwt", "tls_client_auth"},
			"dpop_signing_alg_values_supported":          []string{"ES256"},
			"tls_client_certificate_bound_access_tokens": true,
		})
	case "/token":
		_ = r.ParseForm()
		w.forms = append(w.forms, fmt.Sprintf("scope=%s audience=%s resource=%s", r.Form.Get("scope"), r.Form["audience"], r.Form["resource"]))
		rw.Header().Set("Content-Type", "application/json")
		switch {
		case w.token != nil:
			w.token(rw, r)
		case r.Header.Get("DPoP") != "":
			_, _ = rw.Write([]byte(`{"access_token":"sesame.open","token_type":"DPoP","expires_in":600}`))
		case len(r.TLS.PeerCertificates) > 0:
			_, _ = rw.Write([]byte(`{"access_token":"sesame.open","token_type":"Bearer","expires_in":600}`))
		}
	default:
		body, _ := io.ReadAll(r.Body)
		w.seen = r.Header.Clone()
		w.calls = append(w.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
		if w.api != nil {
			w.api(rw, r)
			return
		}
		_, _ = io.WriteString(rw, `{"accounts":[]}`+"\n")
	}
}

// writeClient writes clients/NAME.yaml and the files that it names. A change
// is a line of YAML that replaces the line of the same key, or is added; "-key"
// takes the line away.
func (w *callWorld) writeClient(t *testing.T, name string, changes ...string) string {
	t.Helper()
	dir := filepath.Join(w.dir, "clients")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "partner.key")); err != nil {
		key, err := signer.GenerateES256()
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.WritePEM(filepath.Join(dir, "partner.key"), key); err != nil {
			t.Fatal(err)
		}
		putFile(t, filepath.Join(w.dir, "ca.pem"), pemOf(w.Certificate().Raw))
		putFile(t, filepath.Join(dir, "partner.pem"), pemOf(selfSigned(t, key)))
	}
	lines := []string{"issuer: " + w.URL, "client_id: partner-1", "key: partner.key", "certificate: partner.pem",
		"certificate_key: partner.key", "ca: ../ca.pem", "scope: accounts.read", "audience: https://api.example"}
	for _, change := range changes {
		lines = replaceLine(lines, change)
	}
	path := filepath.Join(dir, name+".yaml")
	putFile(t, path, []byte(strings.Join(lines, "\n")+"\n"))
	return path
}

func replaceLine(lines []string, change string) []string {
	key, _, _ := strings.Cut(strings.TrimPrefix(change, "-"), ":")
	var out []string
	for _, l := range lines {
		if change == "" || !strings.HasPrefix(l, key+":") {
			out = append(out, l)
		}
	}
	if change != "" && !strings.HasPrefix(change, "-") {
		out = append(out, change)
	}
	return out
}

func putFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func selfSigned(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	if key.Curve != elliptic.P256() {
		t.Fatal("not a P-256 key")
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "partner-1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// call runs the command for the client "partner".
func (w *callWorld) call(args ...string) (stdout, stderr string, code int) {
	return runCall(append([]string{"--dir", w.dir, "--client", "partner"}, args...)...)
}

func runCall(args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	code = run(append([]string{"call"}, args...), &out, &errs)
	return out.String(), errs.String(), code
}
