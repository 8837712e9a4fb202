package token_test

import (
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/authserver/token"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
)

func (w *world) certificateOf(r *request) mtls.Certificate {
	c, err := mtlstest.Peer(w.t, *r.certificate, nil).Certificate(now)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestToken_RS25_EveryDecisionIsRecorded(t *testing.T) {
	w := newWorld(t)
	traced := w.by("partner")
	traced.header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	w.mustIssue(traced)
	w.mustIssue(w.byCertificate())
	unknown := w.by("nobody")
	w.send(unknown)
	impostor := w.by("partner")
	w.assert(impostor, w.stranger, "partner")
	w.send(impostor)
	noScope := w.by("partner")
	noScope.form.Del("scope")
	w.send(noScope)
	odd := w.by("partner")
	odd.method = "BREW"
	w.send(odd)
	w.stores.fail = "panic"
	w.send(w.by("partner"))

	records := w.records()
	if len(records) != 7 {
		t.Fatalf("%d records, want 7: %v", len(records), records)
	}
	for i, want := range []map[string]any{
		{"event": "token", "verdict": "allow", "client": "partner", "subject": "partner", "status": 200.0, "listener": "front", "trace_id": "0af7651916cd43dd8448eb211c80319c"},
		{"event": "token", "verdict": "allow", "client": "cert", "listener": "mtls", "certificate": w.certificateOf(w.byCertificate()).Fingerprint()},
		{"event": "token", "verdict": "deny", "rule": "AS12", "client": nil, "status": 401.0},
		{"event": "token", "verdict": "deny", "rule": "AS12", "client": nil, "status": 401.0}, // anybody may claim to be the partner
		{"event": "token", "verdict": "deny", "rule": "AS67", "client": "partner", "status": 400.0, "method": "POST", "source": "192.0.2.1", "issuer": issuer},
		{"event": "token", "verdict": "deny", "rule": "AS19", "method": "other", "status": 405.0},
		{"event": "token", "verdict": "deny", "rule": "RS25", "client": "partner", "status": 500.0},
	} {
		for name, value := range want {
			if records[i][name] != value {
				t.Errorf("record %d: %s is %v, want %v", i, name, records[i][name], value)
			}
		}
		if id, _ := records[i]["trace_id"].(string); len(id) != 32 {
			t.Errorf("record %d: trace id %q", i, id)
		}
	}
}

// A client that goes away while its token is stored does not leave its
// assertion spent and nothing to show for it.
func TestToken_RS25_WhatWasBegunIsFinished(t *testing.T) {
	w := newWorld(t)
	r := w.by("partner")
	r.gone = true
	if got := w.send(r); got.status != 200 || len(w.stores.issued) != 1 {
		t.Errorf("RS25 got %d, %d tokens stored", got.status, len(w.stores.issued))
	}
}

func TestToken_RS20_NothingSecretIsWritten(t *testing.T) {
	w := newWorld(t)
	var secrets []string
	var logs strings.Builder
	for _, c := range refusals() {
		r := c.make(w)
		got := w.send(r)
		logs.WriteString(w.log.String())
		for _, s := range []string{r.form.Get("client_assertion"), r.header.Get("DPoP"), got.AccessToken} {
			if len(s) > 40 {
				secrets = append(secrets, s)
			}
		}
		w.stores.fail = ""
		if strings.HasPrefix(c.name, "RS25 audit log is closed") {
			w = newWorld(t)
		}
	}
	w.records()
	file, err := os.ReadFile(w.logFile)
	if err != nil {
		t.Fatal(err)
	}
	written := logs.String() + string(file)
	for _, s := range secrets {
		parts := strings.Split(s, ".")
		if strings.Contains(written, parts[len(parts)-1]) || strings.Contains(written, s) {
			t.Errorf("RS20 a token, proof or assertion is in the log: %s", s)
		}
	}
	if err := audit.Verify(strings.NewReader(string(file))); err != nil {
		t.Error(err)
	}
}

func TestToken_CountsHaveBoundedLabels(t *testing.T) {
	w := newWorld(t)
	w.mustIssue(w.by("partner"))
	for _, c := range []string{"nobody", "somebody", "someone"} {
		w.send(w.by(c))
	}
	got := map[string]float64{}
	families, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			got[f.GetName()+" "+strings.Join(labels, " ")] = m.GetCounter().GetValue()
		}
	}
	if len(got) != 2 || got["gatehouse_token_requests_total "+issuer+" issued fapi2"] != 1 || got["gatehouse_token_requests_total "+issuer+" AS12 fapi2"] != 3 {
		t.Errorf("counts are %v", got)
	}
}

func TestNewMetrics_AReloadFindsTheEarlierCounters(t *testing.T) {
	r := prometheus.NewRegistry()
	for range 2 {
		if _, err := token.NewMetrics(r); err != nil {
			t.Fatal(err)
		}
	}
}
