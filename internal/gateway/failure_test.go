package gateway_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// chunked hides a body's length.
type chunked struct{ io.Reader }

func TestUpstream_FailuresInPlainWords(t *testing.T) {
	over := make(chan struct{})
	stalls := func(http.ResponseWriter, *http.Request) { <-over }
	for _, c := range []struct {
		name   string
		edit   func(*gateway.Config)
		answer http.HandlerFunc
		make   func(*bed) *http.Request
		status int
		reason string
	}{
		{"down", func(c *gateway.Config) { c.Upstreams[0].URL = "https://127.0.0.1:1" }, nil, get("/accounts", plain), 502, "unreachable"},
		{"a certificate of another authority", func(c *gateway.Config) { c.Upstreams[0].Roots = nil }, nil, get("/accounts", plain), 502, "unreachable"},
		{"no answer in time", func(c *gateway.Config) { c.Upstreams[0].Timeout = 50 * time.Millisecond },
			stalls, get("/accounts", plain), 504, "timeout"},
		{"an answer that is none", nil, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = conn.Write([]byte("SSH-2.0\r\n"))
			_ = conn.Close()
		}, get("/accounts", plain), 502, "unreachable"},
		{"a switch of protocols that nobody asked for", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, get("/accounts", plain), 502, "unreachable"},
		{"a body that turns out too large", nil, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
			func(b *bed) *http.Request {
				return b.good("POST", "/payments", chunked{strings.NewReader(strings.Repeat("a", 1<<20+1))})
			}, 413, "too_large"},
		{"a body that the upstream does not take", func(c *gateway.Config) {
			c.Upstreams[0].Timeout = 100 * time.Millisecond
			c.Upstreams[0].MaxBody = 1 << 30
		}, stalls, func(b *bed) *http.Request { return b.good("POST", "/payments", chunked{endless{}}) }, 504, "timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var edits []func(*gateway.Config)
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			b := newBed(t, edits...)
			over = make(chan struct{})
			defer close(over) // an upstream that does not read does not notice that the gateway left
			b.answer = c.answer
			w := b.serve(b.handler, c.make(b))
			var body oauth.ErrorResponse
			if err := jose.Decode(w.Body.Bytes(), &body); err != nil || w.Code != c.status || !strings.HasSuffix(body.Description, ".") {
				t.Errorf("the client got %d %s, want %d", w.Code, w.Body, c.status)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the answer may be cached: %v", w.Header())
			}
			got := b.series("gatehouse_gateway_upstream_errors_total")
			if got["reason="+c.reason+",upstream=bank"] != 1 || len(got) != 1 {
				t.Errorf("counted %v, want one of reason %s", got, c.reason)
			}
		})
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// An answer that breaks off must not look complete to the client.
func TestUpstream_BrokenAnswerStaysBroken(t *testing.T) {
	b := newBed(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of the ")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	front := tlsServer(t, b.ca, b.handler)
	defer front.Close()
	r := b.outside(front, b.good("GET", "/accounts", nil))
	res, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("the client read %q as complete", text)
	}
}

// outside turns a request for a handler into one for a server.
func (b *bed) outside(front *httptest.Server, r *http.Request) *http.Request {
	b.t.Helper()
	out, err := http.NewRequest(r.Method, front.URL+r.URL.String(), r.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	out.Header = r.Header
	return out
}

// Bodies go both ways while they are made, and trailers arrive.
func TestUpstream_StreamsBothWays(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %t", h2), func(t *testing.T) { streamBothWays(t, h2) })
	}
}

func streamBothWays(t *testing.T, h2 bool) {
	b := newBed(t, func(c *gateway.Config) { c.Upstreams[0].MaxBody = 1 << 30 })
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).EnableFullDuplex()
		lines := bufio.NewReader(r.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			_, _ = io.WriteString(w, "echo "+line)
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("X-Sum", "42")
	}
	front := httptest.NewUnstartedServer(b.handler)
	front.EnableHTTP2 = h2
	front.StartTLS()
	defer front.Close()
	reader, writer := io.Pipe()
	r := b.outside(front, b.good("POST", "/payments", nil))
	r.Body, r.ContentLength = reader, -1
	client := front.Client()
	go func() { _, _ = io.WriteString(writer, "one\n") }()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for _, next := range []string{"two\n", "three\n", ""} {
		line, err := lines.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "echo ") {
			t.Fatalf("%q: %v", line, err)
		}
		if next != "" {
			_, _ = io.WriteString(writer, next)
		}
	}
	_ = writer.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
		t.Errorf("at the end: %q, %v", rest, err)
	}
	if got := res.Trailer.Get("X-Sum"); got != "42" {
		t.Errorf("the trailer is %q", got)
	}
}

// Informational answers clear the header map; ours must be there all the same.
func TestUpstream_EarlyHintsKeepOurHeaders(t *testing.T) {
	b := newBed(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.Header().Set("Strict-Transport-Security", "max-age=0")
		w.Header().Set("Gatehouse-Anything", "upstream's")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Strict-Transport-Security", "max-age=0")
		w.Header().Set("Alt-Svc", `h3=":443"`)
		w.Header().Set("DPoP-Nonce", "upstream's")
		w.WriteHeader(200)
	}
	front := tlsServer(t, b.ca, b.handler)
	defer front.Close()
	r := b.outside(front, b.good("GET", "/accounts", nil))
	var hints http.Header
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		hints = http.Header(h).Clone()
		return nil
	}}))
	res, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if hints.Get("Link") == "" || hints.Get("Strict-Transport-Security") == "max-age=0" || hints.Get("Gatehouse-Anything") != "" {
		t.Errorf("N7: the early hints are %v", hints)
	}
	if got := res.Header["Strict-Transport-Security"]; len(got) != 1 || !strings.HasPrefix(got[0], "max-age=63072000") {
		t.Errorf("N7: Strict-Transport-Security is %q", got)
	}
	if res.Header.Get("Alt-Svc") != "" || res.Header.Get("DPoP-Nonce") != "" {
		t.Errorf("the upstream spoke for the gateway: %v", res.Header)
	}
}

func TestUpstream_ClientThatLeavesGetsNoAnswer(t *testing.T) {
	b := newBed(t)
	arrived := make(chan struct{})
	b.answer = func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}
	r := b.good("GET", "/accounts", nil)
	ctx, cancel := contextOf(r)
	go func() {
		<-arrived
		cancel()
	}()
	defer func() {
		if cause := recover(); !errors.Is(asError(cause), http.ErrAbortHandler) {
			t.Errorf("the handler ended by %v, want it to abort", cause)
		}
	}()
	b.serve(b.handler, r.WithContext(ctx))
	t.Error("the handler came back as if it had answered")
}
