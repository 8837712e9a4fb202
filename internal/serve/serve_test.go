package serve

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/config/starter"
)

// freePorts are different ports: all stay open until the last is found.
func freePorts(t *testing.T) starter.Ports {
	t.Helper()
	var n [6]int
	for i := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n[i] = l.Addr().(*net.TCPAddr).Port
	}
	return starter.Ports{AuthServer: n[0], MTLS: n[1], Public: n[2], Partner: n[3], Upstream: n[4], Operations: n[5]}
}

// started is a deployment of the starter's, running in this process.
func started(t *testing.T) (*Server, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "g")
	o := starter.Default(time.Now())
	o.Ports = freePorts(t)
	r, err := starter.Write(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{File: r.Config, Parts: config.Whole(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	if err := s.AwaitReady(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	return s, r.Config
}

func edit(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(from)) {
		t.Fatalf("the configuration has no %q", from)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(from), []byte(to), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A reload swaps a whole generation, or leaves the one that serves, with the
// reason.
func TestReload_SwapsWholeOrNotAtAll(t *testing.T) {
	s, file := started(t)
	first := s.current.Load()
	for _, c := range []struct{ from, to, says string }{
		{"version: 1", "version: 2", "version"},
		{"sink: \"file:audit.jsonl\"", "sink: stdout", "audit.sink cannot change"},
		{"data: data", "data: elsewhere", "authserver.data cannot change"},
		{"file:secrets/sealing.key", "file:secrets/gateway-assertion.key", "authserver.sealing_key cannot change"},
		{"operations:\n  listen: \"127.0.0.1:", "operations:\n  listen: \"127.0.0.2:", "operations.listen cannot change"},
		{"assertion_key: file:secrets/gateway-assertion.key", "assertion_key: file:tls/ca.pem", "gateway"},
	} {
		edit(t, file, c.from, c.to)
		if err := s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("after %q became %q: %v, must say %q", c.from, c.to, err, c.says)
		}
		if s.current.Load() != first {
			t.Fatalf("%q was swapped in", c.to)
		}
		edit(t, file, c.to, c.from)
	}
	edit(t, file, "scope: transactions.read", "scope: accounts.read")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.current.Load() == first {
		t.Error("a good configuration was not swapped in")
	}
}

// After a shutdown nothing listens, and neither a reload nor a second shutdown
// does harm.
func TestShutdown_EndsEverythingOnce(t *testing.T) {
	s, _ := started(t)
	address := s.OperationsAddr()
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Errorf("%s still accepts", address)
	}
	if err := s.Reload(t.Context()); err == nil || err.Error() != "shutting down" {
		t.Errorf("a reload while shutting down: %v", err)
	}
}
