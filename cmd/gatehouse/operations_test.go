package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/config"
)

// serveOnly runs a part of what init wrote, with text of the configuration
// replaced.
func serveOnly(t *testing.T, part string, replaced ...string) *deployment {
	t.Helper()
	d := &deployment{dir: freshDeployment(t, time.Now())}
	for i := 0; i+1 < len(replaced); i += 2 {
		d.edit(t, replaced[i], replaced[i+1])
	}
	var problems config.Problems
	if d.Config, problems = config.Load(d.path("gatehouse.yaml"), config.Whole()); len(problems) > 0 {
		t.Fatal(problems)
	}
	d.process = start(t, "serve", "--only", part, "-c", d.path("gatehouse.yaml"))
	d.await(t, `"listening"`)
	return d
}

// A gateway is alive but not ready while it has no issuer's keys, and denies.
func TestReadiness_RS25_NoKeysNoRequests(t *testing.T) {
	d := serveOnly(t, "gateway")
	if status, body := d.operations(t, "/healthz"); status != 200 {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if status, body := d.operations(t, "/readyz"); status != 503 || !strings.Contains(body, d.issuer()) {
		t.Errorf("/readyz: %d %s", status, body)
	}
	start(t, "serve", "--only", "authserver", "-c", d.otherOperations(t))
	eventually(t, "the gateway is ready", func() bool { status, _ := d.operations(t, "/readyz"); return status == 200 })
}

// otherOperations is the same configuration with another operations listener,
// for a second process beside the first.
func (d *deployment) otherOperations(t *testing.T) string {
	t.Helper()
	d.edit(t, `listen: "`+d.Operations.Listen+`"`, `listen: "`+freeAddress(t)+`"`)
	d.edit(t, "file:audit.jsonl", "file:other.jsonl")
	return filepath.Join(d.dir, "gatehouse.yaml")
}

// The metrics that docs/operations.md tells to alert on are there.
func TestMetrics_N2_RS24_AreServed(t *testing.T) {
	d := startDemo(t)
	_, body := d.operations(t, "/metrics")
	for _, name := range []string{
		"gatehouse_tls_handshakes_total{key_exchange=", "gatehouse_tls_handshakes_refused_total{listener=\"partner\"",
		"gatehouse_tls_certificate_not_after_seconds", "gatehouse_gateway_decisions_total", "gatehouse_gateway_unrecorded_total",
		"gatehouse_token_requests_total", "gatehouse_jwks_misses_total", "gatehouse_jwks_usable", "gatehouse_audit_writable 1",
		"gatehouse_reloads_total{result=\"refused\"} 0",
	} {
		if !strings.Contains(body, name) {
			t.Errorf("no metric %s", name)
		}
	}
	if strings.Contains(body, "demo-partner") {
		t.Error("a client's name is a label")
	}
}
