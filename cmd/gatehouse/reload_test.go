package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse.example/internal/ca"
	"gatehouse.example/internal/signer"
)

// A hang-up swaps in a new certificate and a changed configuration whole, with
// no connection dropped; a bad one leaves the old running.
func TestReload_NewCertificateAndConfigurationWithoutAnOutage(t *testing.T) {
	d := startDemo(t)
	client := d.client(t)
	before := d.serial(t)
	get := func() (reused bool, status int) {
		t.Helper()
		req, err := http.NewRequest("GET", d.origin(t, "public")+"/accounts", nil)
		if err != nil {
			t.Fatal(err)
		}
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
		res, err := client.Do(req.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
		res, _ = answer(t, res, err)
		return reused, res.StatusCode
	}
	get() // opens the connection that must stay

	d.renewServerCertificate(t)
	d.edit(t, "scope: transactions.read, upstream", "scope: accounts.read, upstream")
	d.hangUp(t)
	eventually(t, "the new certificate is served", func() bool { return d.serial(t) != before })
	if reused, status := get(); !reused || status != 401 {
		t.Errorf("after the reload the old connection: reused %v, status %d", reused, status)
	}

	// A mistake in the file: the old configuration serves on, and the log says so.
	renewed := d.serial(t)
	d.edit(t, "version: 1", "version: 1\nvresion: 2")
	d.hangUp(t)
	d.await(t, "reload failed")
	if !strings.Contains(d.said(), "vresion") {
		t.Errorf("the log does not name the mistake: %s", d.said())
	}
	if reused, status := get(); !reused || status != 401 || d.serial(t) != renewed {
		t.Errorf("after a failed reload: reused %v, status %d", reused, status)
	}
	d.edit(t, "version: 1\nvresion: 2", "version: 1")

	// What is open cannot move without a restart.
	d.edit(t, "file:audit.jsonl", "file:other.jsonl")
	d.hangUp(t)
	d.await(t, "audit.sink cannot change while running")
	if _, stderr, code := d.call("--client", "demo-partner", d.origin(t, "public")+"/accounts"); code != 0 {
		t.Errorf("a good call after all: %s", stderr)
	}
}

func (d *deployment) hangUp(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// edit replaces text in the configuration file.
func (d *deployment) edit(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(d.path("gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("the configuration has no %q", from)
	}
	overwrite("gatehouse.yaml", strings.Replace(string(data), from, to, 1))(t, d.dir)
}

// serial is that of the certificate that the public listener shows now.
func (d *deployment) serial(t *testing.T) string {
	t.Helper()
	config := d.client(t).Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "localhost"
	conn, err := tls.Dial("tcp", strings.TrimPrefix(d.origin(t, "public"), "https://"), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func (d *deployment) renewServerCertificate(t *testing.T) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(d.path(name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	authority, err := ca.Load(read("tls/ca.pem"), read("ca/ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := signer.LoadPEM(d.path("tls/server.key"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.IssueServer([]string{"localhost", "127.0.0.1", "::1"}, key.Public(), time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	overwrite("tls/server.pem", string(certificate))(t, d.dir)
}

// eventually polls a condition of the running program.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// A client's key set that changes on disk is taken up by itself, so that a
// removed key is worth nothing within seconds.
func TestReload_C4_ARemovedKeyEndsByItself(t *testing.T) {
	d := startDemo(t)
	p := newPartner(t, d, "demo-partner")
	p.token(nil)
	other, err := os.ReadFile(d.path("clients/demo-reports.jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	overwrite("clients/demo-partner.jwks.json", string(other))(t, d.dir)
	eventually(t, "the removed key is refused", func() bool {
		res, body := p.post(p.form(p.assertion(nil)))
		return res.StatusCode == 401 && errorCode(body) == "invalid_client"
	})
}
