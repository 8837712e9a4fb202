package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/config/starter"
)

// freshDeployment is what init writes, on free ports.
func freshDeployment(t *testing.T, now time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "g")
	o := starter.Default(now)
	for _, p := range []*int{&o.Ports.AuthServer, &o.Ports.MTLS, &o.Ports.Public, &o.Ports.Partner, &o.Ports.Upstream, &o.Ports.Operations} {
		// All stay open until the last is found, so that no two are alike.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		*p = l.Addr().(*net.TCPAddr).Port
	}
	if _, err := starter.Write(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is wrong at start is one line that says what and what to do, and exit
// code 1.
func TestStartFailures_OneLineEach(t *testing.T) {
	long := "another passphrase, long enough but wrong\n"
	for name, c := range map[string]struct {
		now   time.Time
		spoil func(t *testing.T, dir string)
		says  []string
	}{
		"a port in use": {spoil: func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, "gatehouse.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(data), "mtls_listen: \"")
			address, _, _ := strings.Cut(rest, `"`)
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}, says: []string{"in use"}},
		"an unreadable key":    {spoil: remove("tls/server.key"), says: []string{"server.key"}},
		"an unparsable key":    {spoil: overwrite("secrets/gateway-assertion.key", "not a key\n"), says: []string{"gateway-assertion.key"}},
		"a world-readable key": {spoil: chmod("tls/server.key", 0o644), says: []string{"server.key", "chmod"}},
		"a world-readable sealing key": {spoil: chmod("secrets/sealing.key", 0o644),
			says: []string{"sealing.key", "chmod"}},
		"an expired certificate": {now: time.Now().AddDate(-20, 0, 0), spoil: func(*testing.T, string) {}, says: []string{"expired"}},
		"a wrong passphrase": {spoil: func(t *testing.T, dir string) {
			p := start(t, "serve", "-c", filepath.Join(dir, "gatehouse.yaml"))
			p.await(t, `"listening"`)
			p.stop(t)
			overwrite("secrets/sealing.key", long)(t, dir)
		}, says: []string{"durable.db", "passphrase"}},
		"a full disk": {spoil: func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, "gatehouse.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			overwrite("gatehouse.yaml", strings.Replace(string(data), "file:audit.jsonl", "file:/dev/full", 1))(t, dir)
		}, says: []string{"no space left", "make room"}},
		"a data folder that cannot be written": {spoil: overwrite("data", "a file where the folder should be\n"), says: []string{"data"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.now.IsZero() {
				c.now = time.Now()
			}
			dir := freshDeployment(t, c.now)
			c.spoil(t, dir)
			stdout, stderr, code := gatehouse("serve", "-c", filepath.Join(dir, "gatehouse.yaml"))
			last := strings.TrimSuffix(stderr, "\n")
			if code != 1 || stdout != "" {
				t.Errorf("exit code %d, said %q %q", code, stdout, stderr)
			}
			for _, say := range c.says {
				if !strings.Contains(last, say) {
					t.Errorf("does not say %q: %s", say, stderr)
				}
			}
			if strings.Contains(last, "\n") {
				t.Errorf("more than one line: %s", stderr)
			}
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func chmod(name string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(name, content string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
