package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"gatehouse.example/internal/web"
)

const (
	traceID  = "4bf92f3577b34da6a3ce929d0e0e4736"
	parentID = "00f067aa0ba902b7"
)

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

func traced(parent string) *http.Request {
	r := httptest.NewRequest("GET", "https://api.example/x", nil)
	if parent != "" {
		r.Header.Set("Traceparent", parent)
	}
	return r
}

func inject(t *testing.T, trace web.Trace, h http.Header) (id, span, flags string) {
	t.Helper()
	trace.Inject(h)
	m := traceparent.FindStringSubmatch(h.Get("Traceparent"))
	if m == nil {
		t.Fatalf("traceparent is %q", h.Get("Traceparent"))
	}
	return m[1], m[2], m[3]
}

func TestTrace_ContinuesUnderItsOwnSpan(t *testing.T) {
	r := traced("00-" + traceID + "-" + parentID + "-01")
	r.Header.Set("Tracestate", "vendor=a")
	trace := web.StartTrace(r)
	out := http.Header{"Traceparent": {"forged", "twice"}, "Tracestate": {"forged=1"}}
	id, span, flags := inject(t, trace, out)
	if id != traceID || trace.ID() != traceID || span == parentID || flags != "01" {
		t.Errorf("passed on %s %s %s, ID %s", id, span, flags, trace.ID())
	}
	if got := out.Values("Tracestate"); len(got) != 1 || got[0] != "vendor=a" {
		t.Errorf("tracestate is %q", got)
	}
	if got := out.Values("Traceparent"); len(got) != 1 {
		t.Errorf("traceparent is %q", got)
	}
}

func TestTrace_StartsAnewWhenNoneIsValid(t *testing.T) {
	seen := map[string]bool{}
	for _, parent := range []string{
		"", "garbage",
		"00-00000000000000000000000000000000-" + parentID + "-01",
		"00-" + traceID + "-0000000000000000-01",
		"ff-" + traceID + "-" + parentID + "-01",
		"00-" + traceID + "-" + parentID + "-01-more",
	} {
		trace := web.StartTrace(traced(parent))
		out := http.Header{"Tracestate": {"stale=1"}}
		id, _, _ := inject(t, trace, out)
		if id == traceID || id != trace.ID() || seen[id] || out.Get("Tracestate") != "" {
			t.Errorf("after %q: id %s, seen before %t, tracestate %q", parent, id, seen[id], out.Get("Tracestate"))
		}
		seen[id] = true
	}
}

func BenchmarkTrace(b *testing.B) {
	r, out := traced("00-"+traceID+"-"+parentID+"-01"), http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		web.StartTrace(r).Inject(out)
	}
}

func BenchmarkTraceNew(b *testing.B) {
	r, out := traced(""), http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		web.StartTrace(r).Inject(out)
	}
}
