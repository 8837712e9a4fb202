package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"gatehouse.example/internal/config"
)

// The gateway runs alone, in an empty folder that holds its own section and
// its own files only, and knows the authorization server through HTTPS.
func TestPartsAlone_GatewayKnowsTheServerThroughHTTPSOnly(t *testing.T) {
	whole := startDemo(t)
	whole.stop(t) // its folder now holds everything, and nothing runs
	bankless := filepath.Join(t.TempDir(), "gateway")
	files := onlyTheGateway(t, whole.dir, bankless)
	for _, name := range files {
		if strings.Contains(name, "sealing") || strings.Contains(name, "ca.key") || strings.Contains(name, "data/") {
			t.Fatalf("the gateway's own files include %s", name)
		}
	}
	start(t, "serve", "-c", whole.path("gatehouse.yaml"), "--only", "authserver").await(t, `"listening"`)
	g := start(t, "serve", "-c", filepath.Join(bankless, "gatehouse.yaml"), "--only", "gateway")
	g.await(t, `"ready"`)

	// The sample bank is not running: a call that is let through is 502, one
	// that is refused never gets that far.
	_, stderr, code := whole.call("--client", "demo-partner", whole.origin(t, "public")+"/accounts")
	if code != 1 || !strings.Contains(stderr, "502") {
		t.Errorf("call through a gateway alone: code %d, %s", code, stderr)
	}
	res, err := whole.client(t).Get(whole.origin(t, "public") + "/accounts")
	if res, body := answer(t, res, err); res.StatusCode != 401 {
		t.Errorf("call without a token: %d %s", res.StatusCode, body)
	}
	for _, name := range []string{"data", "secrets/sealing.key"} {
		if _, err := os.Stat(filepath.Join(bankless, name)); err == nil {
			t.Errorf("the gateway's folder has %s", name)
		}
	}
	g.stop(t)
}

// onlyTheGateway copies the gateway's section and the files it names.
func onlyTheGateway(t *testing.T, from, to string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]any
	if err := yaml.Unmarshal(data, &sections); err != nil {
		t.Fatal(err)
	}
	delete(sections, "authserver")
	// Both processes run on this machine: the operations listener moves.
	sections["operations"] = map[string]any{"listen": freeAddress(t)}
	if data, err = yaml.Marshal(sections); err != nil {
		t.Fatal(err)
	}
	copied := []string{"gatehouse.yaml"}
	writeFile(t, filepath.Join(to, "gatehouse.yaml"), data)
	for _, match := range regexp.MustCompile(`file:([^\s"',}]+)`).FindAllStringSubmatch(string(data), -1) {
		if match[1] == "audit.jsonl" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, match[1]))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(to, match[1]), content)
		copied = append(copied, match[1])
	}
	if _, problems := config.Load(filepath.Join(to, "gatehouse.yaml"), config.Whole()); len(problems) > 0 {
		t.Fatal(problems)
	}
	return copied
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// operations reads from the operations listener.
func (d *deployment) operations(t *testing.T, path string) (int, string) {
	t.Helper()
	res, err := http.Get(fmt.Sprintf("http://%s%s", d.Operations.Listen, path))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
