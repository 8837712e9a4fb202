package web

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Trace is this request's place in a distributed trace (W3C Trace Context).
// It is a name in logs and audit records and decides nothing.
type Trace struct {
	span trace.SpanContext
}

var w3c propagation.TraceContext

// StartTrace continues the trace that the request names in traceparent, under
// a span id of its own, or starts a new one when it names none that is valid.
func StartTrace(r *http.Request) Trace {
	var span trace.SpanID
	binary.BigEndian.PutUint64(span[:], nonZero())
	var came trace.SpanContext
	if r.Header.Get("Traceparent") != "" {
		ctx := w3c.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
		came = trace.SpanContextFromContext(ctx)
	}
	if came.IsValid() {
		return Trace{came.WithSpanID(span).WithRemote(false)}
	}
	var id trace.TraceID
	binary.BigEndian.PutUint64(id[:8], nonZero())
	binary.BigEndian.PutUint64(id[8:], nonZero())
	return Trace{trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span})}
}

// nonZero is random; an id of zeros is not valid (W3C Trace Context §3.2.2).
func nonZero() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}

// ID is the trace id, 32 lower-case hexadecimal digits.
func (t Trace) ID() string { return t.span.TraceID().String() }

// Inject sets traceparent, and tracestate where there is one, for the next
// hop, in place of what the headers hold (W3C Trace Context §3.2). It writes
// them itself, for it runs on every request of the gateway.
func (t Trace) Inject(h http.Header) {
	h.Del("Tracestate")
	id, span := t.span.TraceID(), t.span.SpanID()
	text := make([]byte, 0, 55)
	text = append(text, "00-"...)
	text = hex.AppendEncode(text, id[:])
	text = append(text, '-')
	text = hex.AppendEncode(text, span[:])
	text = append(text, '-')
	text = hex.AppendEncode(text, []byte{byte(t.span.TraceFlags() & trace.FlagsSampled)})
	h["Traceparent"] = []string{string(text)}
	if state := t.span.TraceState().String(); state != "" {
		h["Tracestate"] = []string{state}
	}
}
