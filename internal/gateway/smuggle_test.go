package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// hidden is a request that stands where the body of another goes on.
const hidden = "GET /openapi.json?hidden HTTP/1.1\r\nHost: api.example\r\n\r\n"

// raw writes the head of an allowed POST, chunked, to a connection of its own.
func (b *bed) raw(front *httptest.Server) (*tls.Conn, *bufio.Reader) {
	b.t.Helper()
	conn, err := tls.Dial("tcp", front.Listener.Addr().String(), &tls.Config{RootCAs: b.ca.Pool(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // a hanging test says where
	r := b.good("POST", "/payments", nil)
	_, _ = fmt.Fprintf(conn, "POST /payments HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\nAuthorization: %s\r\nDPoP: %s\r\n\r\n",
		r.Header.Get("Authorization"), r.Header.Get("DPoP"))
	return conn, bufio.NewReader(conn)
}

// What follows a body that cannot be read to its end is nobody's request: a
// proxy in front that reads the body otherwise would take the second answer
// for that of its next client.
func TestUpstream_RS25_BrokenBodyHidesNoRequest(t *testing.T) {
	for name, body := range map[string]string{
		"RS25 a chunk's size that ends in a bare LF": fmt.Sprintf("%x\n%s\r\n0\r\n\r\n", len(hidden), hidden),
		"RS25 a chunk's size that is no number":      "zz\r\n" + hidden,
		"RS25 a chunk that is longer than it says":   "1\r\nabc\r\n" + hidden,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			front := tlsServer(t, b.ca, b.handler)
			defer front.Close()
			conn, answers := b.raw(front)
			_, _ = io.WriteString(conn, body)
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			if res.StatusCode != 400 || !strings.Contains(string(text), `"invalid_request"`) {
				t.Errorf("%d %s, want 400 invalid_request: the body is the client's", res.StatusCode, text)
			}
			b.nothingFollows(answers)
			if got := b.series("gatehouse_gateway_upstream_errors_total")["reason=client_body,upstream=bank"]; got != 1 {
				t.Errorf("RS25 counted %v, want one of reason client_body: the upstream did nothing wrong", b.series("gatehouse_gateway_upstream_errors_total"))
			}
		})
	}
}

func TestUpstream_RS25_EarlyAnswerEndsTheConnection(t *testing.T) {
	b := newBed(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.WriteString(w, "early")
	}
	front := tlsServer(t, b.ca, b.handler)
	defer front.Close()
	conn, answers := b.raw(front)
	_, _ = io.WriteString(conn, "1\r\na\r\n")
	// The answer is whole when the handler is still waiting for the body.
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || !res.Close {
		t.Errorf("%d, closing is %t: an answer before the end of the body must close the connection", res.StatusCode, res.Close)
	}
	_, _ = io.WriteString(conn, "zz\r\n"+hidden)
	if text, err := io.ReadAll(res.Body); err != nil || string(text) != "early" {
		t.Errorf("the answer is %q, %v", text, err)
	}
	b.nothingFollows(answers)
}

// A body that was read to its end leaves the connection as it is.
func TestUpstream_WholeBodyKeepsTheConnection(t *testing.T) {
	b := newBed(t)
	front := tlsServer(t, b.ca, b.handler)
	defer front.Close()
	conn, answers := b.raw(front)
	_, _ = io.WriteString(conn, "3\r\nabc\r\n0\r\n\r\n"+hidden)
	for _, asked := range []string{"the first", "the second"} {
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%s: %v", asked, err)
		}
		if text, err := io.ReadAll(res.Body); err != nil || string(text) != "upstream" {
			t.Errorf("%s answer is %q, %v", asked, text, err)
		}
	}
}

// nothingFollows waits for the server to close the connection.
func (b *bed) nothingFollows(answers *bufio.Reader) {
	b.t.Helper()
	if rest, err := io.ReadAll(answers); err != nil || len(rest) > 0 {
		b.t.Errorf("RS25 after the answer came %q, %v; want the end of the connection", rest, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.received {
		if strings.Contains(r.RequestURI, "hidden") {
			b.t.Error("RS25 the hidden request reached the upstream")
		}
	}
}

func TestUpstream_RS25_StatusThatIsNone(t *testing.T) {
	b := newBed(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		_, _ = conn.Write([]byte("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n"))
		_ = conn.Close()
	}
	w := b.serve(b.handler, b.good("GET", "/accounts", nil))
	if w.Code != 502 || strings.Contains(b.logged.String(), "panic") {
		t.Errorf("%d %s, log %s; want 502 without a panic", w.Code, w.Body, b.logged)
	}
}
