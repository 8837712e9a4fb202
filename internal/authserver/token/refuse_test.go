package token_test

import (
	"strings"
	"testing"

	"gatehouse.example/internal/authserver/token"
	"gatehouse.example/internal/leaveout"
	"gatehouse.example/mtls"
)

// as tells whether the answer is the refusal that is meant, in the form that
// every refusal has (AS64), with nothing spent.
func (c refusal) as(w *world, got *reply) bool {
	return got.status == c.status && got.Error == c.code && got.rule == c.rule &&
		got.header.Get("Cache-Control") == "no-store" && got.header.Get("Content-Type") == "application/json" &&
		strings.HasSuffix(got.Description, ".") && got.AccessToken == "" &&
		(c.spends || w.untouched())
}

func TestToken_AS6_AS19_AS29_AS66_RefusesForms(t *testing.T) { refuseEach(t, formRefusals) }
func TestToken_AS7_AS8_AS9_AS11_AS12_AS13_AS29_AS67_RefusesClients(t *testing.T) {
	refuseEach(t, clientRefusals)
}
func TestToken_AS57_AS58_AS61_AS62_AS63_RefusesBindings(t *testing.T) { refuseEach(t, bindingRefusals) }
func TestToken_AS67_AS71_AS72_RefusesTargetsAndScopes(t *testing.T)   { refuseEach(t, targetRefusals) }
func TestToken_AS9_RS10_RS25_RefusesReuseAndWhatCannotBeStored(t *testing.T) {
	refuseEach(t, storeRefusals)
}

func refuseEach(t *testing.T, list []refusal) {
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.send(c.make(w)); !c.as(w, got) {
				t.Errorf("AS64 got %d %s by %s %v, untouched %v; want %d %s by %s", got.status, got.body, got.rule, got.header, w.untouched(), c.status, c.code, c.rule)
			}
		})
	}
}

func TestToken_AS57_AS64_RS25_EveryStepIsHeld(t *testing.T) {
	var cases []leaveout.Case
	for _, c := range refusals() {
		cases = append(cases, leaveout.Case{Name: c.name, IDs: c.ids, Holds: func() bool {
			quiet := &probe{TB: t}
			w := newWorld(quiet)
			return c.as(w, w.send(c.make(w))) && !quiet.failed
		}})
	}
	for _, a := range acceptances {
		cases = append(cases, leaveout.Case{Name: a.name, IDs: a.ids, Holds: func() bool {
			quiet := &probe{TB: t}
			w := newWorld(quiet)
			r := a.make(w)
			return a.wrong(w, r, w.send(r)) == "" && !quiet.failed
		}})
	}
	leaveout.EachStep(t, token.Steps(), token.WithoutStep, cases)
}

// probe keeps a failure inside a case to itself.
type probe struct {
	testing.TB
	failed bool
}

func (p *probe) Errorf(string, ...any) { p.failed = true }

func TestToken_AS12_UnknownClientAndWrongKeyLookAlike(t *testing.T) {
	w := newWorld(t)
	wrongKey := w.by("partner")
	w.assert(wrongKey, w.stranger, "partner")
	unknown, wrong := w.send(w.by("nobody")), w.send(wrongKey)
	if unknown.body != wrong.body || unknown.status != wrong.status {
		t.Errorf("AS12 unknown client %d %s, wrong key %d %s", unknown.status, unknown.body, wrong.status, wrong.body)
	}
	unknown.header.Del("Date")
	wrong.header.Del("Date")
	for name := range unknown.header {
		if unknown.header.Get(name) != wrong.header.Get(name) {
			t.Errorf("AS12 header %s differs", name)
		}
	}
}

func TestToken_AS12_BasicIsAnsweredWithItsScheme(t *testing.T) {
	w := newWorld(t)
	r := w.by("partner")
	r.form.Del("client_assertion")
	r.form.Del("client_assertion_type")
	r.header.Set("Authorization", "basic cDpz")
	if got := w.send(r); !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("AS12 WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
	}
	if got := w.send(w.by("nobody")); got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("AS12 who did not use Basic is asked for it: %q", got.header.Get("WWW-Authenticate"))
	}
}

func TestToken_AS13_WithoutACAOfClientsNoCertificatePasses(t *testing.T) {
	w := newWorld(t)
	w.bundle = func() *mtls.Bundle { return nil }
	if got := w.send(w.byCertificate()); got.status != 401 || got.rule != "AS13" || !w.untouched() {
		t.Errorf("AS13 got %d by %s", got.status, got.rule)
	}
}
