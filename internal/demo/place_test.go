package demo

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/config/starter"
)

// taken is a port of localhost that is in use until the test ends.
func taken(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// A demo keeps the ports of its first start, so none is made on ports that
// cannot serve.
func TestPrepareMakesNothingOnPortsInUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	_, err := prepare(dir, taken(t), time.Now())
	if err == nil || !strings.Contains(err.Error(), "--port 0") {
		t.Errorf("%v; want what to do", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made all the same")
	}
}

func TestPrepareSaysHowToGoOnWhenADemosPortIsTaken(t *testing.T) {
	dir := t.TempDir()
	p, err := prepare(dir, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", p.config.Gateway.Listeners[1].Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err = prepare(dir, 0, time.Now()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) || !strings.Contains(err.Error(), "--dir ANOTHER-FOLDER") {
		t.Errorf("%v; want the address, and what to do", err)
	}
}

// What somebody made for something else is neither started nor called broken.
func TestPrepareRefusesAnotherConfiguration(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"that of gatehouse init":   func(s string) string { return s },
		"a gateway's alone":        func(s string) string { return s[:strings.Index(s, "authserver:")] + s[strings.Index(s, "gateway:\n"):] },
		"one that is not finished": func(string) string { return "version: 1\n" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			made, err := starter.Write(dir, starter.Default(time.Now()))
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(made.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(made.Config, []byte(spoil(string(text))), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = prepare(dir, 0, time.Now())
			if err == nil || !strings.Contains(err.Error(), "choose another folder with --dir") || strings.Contains(err.Error(), "remove") {
				t.Errorf("%v; want that another folder is to be chosen, and none to be removed", err)
			}
		})
	}
}
