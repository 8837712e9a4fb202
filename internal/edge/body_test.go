package edge_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse.example/internal/edge"
	"gatehouse.example/internal/web"
)

// A client that announces a body and does not send it has its answer, and its
// connection ends, whether or not the handler reads the body.
func TestBodyThatDoesNotComeEndsTheConnection(t *testing.T) {
	refuses := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "refused", http.StatusUnauthorized) }
	reads := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "no body", http.StatusBadRequest)
		}
	}
	answersFirst := func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close") // as a proxy must: what is left of the body may be anything
		http.Error(w, "refused", http.StatusUnauthorized)
	}
	// Its transport goes on reading the body when the handler has returned.
	upstream := httptest.NewServer(http.HandlerFunc(answersFirst))
	defer upstream.Close()
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }, ModifyResponse: func(r *http.Response) error {
		r.Header.Set("Connection", "close")
		return nil
	}}
	forwards := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		proxy.ServeHTTP(w, r)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		framing string
		status  string
	}{
		"a handler that refuses, a length":       {refuses, "Content-Length: 100", "401"},
		"a handler that refuses, chunks":         {refuses, "Transfer-Encoding: chunked", "401"},
		"a handler that reads, a length":         {reads, "Content-Length: 100", "400"},
		"a handler that reads, chunks":           {reads, "Transfer-Encoding: chunked", "400"},
		"a handler that answers first, a length": {answersFirst, "Content-Length: 100", "401"},
		"a proxy that answers first, a length":   {forwards, "Content-Length: 100", "401"},
		"a proxy that answers first, chunks":     {forwards, "Transfer-Encoding: chunked", "401"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.open(b.spec("public", edge.NoClientCertificates(), c.handler))
			b.edge.SetBodyTimeout(50 * time.Millisecond)
			config := b.presenting(tls.Certificate{})
			conn, err := tls.Dial("tcp", b.edge.Addr("public"), config)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // a hanging test says where
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\n"+c.framing+"\r\n\r\n")
			answer, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+c.status) {
				t.Errorf("%q, %v; want %s and the end of the connection", answer, err, c.status)
			}
		})
	}
}

// A body may take as long as it likes when it keeps coming; a handler may let
// it wait, and an answer may take longer than a body may pause.
func TestBodyThatComesSlowlyIsRead(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %t", h2), func(t *testing.T) {
			t.Parallel()
			sendSlowly(t, h2)
		})
	}
}

func sendSlowly(t *testing.T, h2 bool) {
	const patience = 400 * time.Millisecond
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), func(w http.ResponseWriter, r *http.Request) {
		<-time.After(2 * patience)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case <-time.After(2 * patience):
			_, _ = w.Write(body)
		case <-r.Context().Done():
		}
	}))
	b.edge.SetBodyTimeout(patience)
	client := b.client(b.presenting(tls.Certificate{}))
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
	reader, writer := io.Pipe()
	go func() {
		tick := time.NewTicker(patience / 20)
		defer tick.Stop()
		for range 100 {
			<-tick.C
			_, _ = writer.Write([]byte("a"))
		}
		_ = writer.Close()
	}()
	resp, err := client.Post("https://"+b.edge.Addr("public")+"/", "text/plain", reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 || len(text) != 100 || err != nil {
		t.Errorf("%d %q, %v", resp.StatusCode, text, err)
	}
}

func TestBodyThatDoesNotComeEndsTheStream(t *testing.T) {
	b := newBed(t)
	ended := make(chan error, 1)
	b.open(b.spec("public", edge.NoClientCertificates(), func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
	}))
	b.edge.SetBodyTimeout(50 * time.Millisecond)
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	resp, err := b.client(b.presenting(tls.Certificate{})).Post("https://"+b.edge.Addr("public")+"/", "text/plain", reader)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := <-ended; resp.ProtoMajor != 2 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: the handler read %v, want that the time is over", resp.Proto, err)
	}
}

// A body that was read leaves nothing behind on its connection.
func TestBodyThatWasReadLeavesTheConnectionAsItIs(t *testing.T) {
	b := newBed(t)
	b.open(b.spec("public", edge.NoClientCertificates(), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		if err := r.Context().Err(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	client := b.client(b.presenting(tls.Certificate{}))
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	reused := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			reused++
		}
	}})
	for range 5 {
		req, err := http.NewRequestWithContext(ctx, "POST", "https://"+b.edge.Addr("public")+"/", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(text) != "hello" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
	if reused != 4 {
		t.Errorf("the connection served again %d times, want 4", reused)
	}
}

// A proxy's transport may still read when the handler has returned.
func TestBodyThatComesAfterTheAnswerHurtsNobody(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %t", h2), func(t *testing.T) {
			b := newBed(t)
			left := make(chan error, 1)
			b.open(b.spec("public", edge.NoClientCertificates(), func(w http.ResponseWriter, r *http.Request) {
				if !h2 {
					_ = http.NewResponseController(w).EnableFullDuplex()
					w.Header().Set("Connection", "close")
				}
				reading := make(chan struct{})
				go func() {
					close(reading)
					_, err := io.Copy(io.Discard, r.Body)
					left <- err
				}()
				<-reading
				_, _ = io.WriteString(w, "early")
			}))
			client := b.client(b.presenting(tls.Certificate{}))
			client.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
			reader, writer := io.Pipe()
			defer func() { _ = writer.Close() }()
			resp, err := client.Post("https://"+b.edge.Addr("public")+"/", "text/plain", reader)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if string(text) != "early" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
			if err := <-left; err == nil {
				t.Error("what was left of the body was read to an end that never came")
			}
		})
	}
}

// A handler that gives a body a limit as a whole has it, although the client
// keeps sending and so never runs into the port's patience (AS19).
func TestBodyWithin_AS19_ALimitOnTheWholeHoldsAgainstDrops(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("AS19 HTTP/2 %t", h2), func(t *testing.T) {
			t.Parallel()
			const patience = 400 * time.Millisecond
			b := newBed(t)
			b.open(b.spec("public", edge.NoClientCertificates(), func(w http.ResponseWriter, r *http.Request) {
				web.BodyWithin(patience, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, err := io.ReadAll(r.Body)
					http.Error(w, fmt.Sprint(errors.Is(err, os.ErrDeadlineExceeded)), http.StatusRequestTimeout)
				})).ServeHTTP(w, r)
			}))
			b.edge.SetBodyTimeout(patience)
			client := b.client(b.presenting(tls.Certificate{}))
			client.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
			reader, writer := io.Pipe()
			all := make(chan struct{})
			go func() {
				defer close(all)
				tick := time.NewTicker(patience / 20)
				defer tick.Stop()
				for range 200 { // ten times as long as the limit
					<-tick.C
					if _, err := writer.Write([]byte("a")); err != nil {
						return
					}
				}
				_ = writer.Close()
			}()
			resp, err := client.Post("https://"+b.edge.Addr("public")+"/", "text/plain", reader)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			_ = reader.CloseWithError(io.ErrClosedPipe)
			<-all
			if resp.StatusCode != 408 || string(text) != "true\n" {
				t.Errorf("%d %q: the body was read for longer than its limit", resp.StatusCode, text)
			}
		})
	}
}
