package resource_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse.example/mtls"
	"gatehouse.example/resource"
)

// protected is a handler behind Protect that says who called.
func (b *bed) protected() http.Handler {
	return b.verifier.Protect(origin, read, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, ok := resource.DecisionFrom(r.Context())
		if !ok {
			b.t.Error("no decision in the context")
		}
		_, _ = w.Write([]byte(d.ClientID))
	}))
}

func (b *bed) request(f resource.Facts, target string) *http.Request {
	r := httptest.NewRequest(f.Method, target, nil)
	r.Header["Authorization"] = f.Authorization
	for _, p := range f.DPoP {
		r.Header.Add("DPoP", p)
	}
	return r.WithContext(mtls.WithPeer(r.Context(), f.Peer))
}

func TestProtect_RS1_RS4_RS18(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		name   string
		make   func() *http.Request
		status int
	}{
		{"RS4 a good proof", func() *http.Request { return b.request(b.withProof(b.token()), path) }, 200},
		{"RS4 a good certificate", func() *http.Request {
			return b.request(b.withCertificate(b.token(b.byCertificate()), b.peer(b.certificate)), path)
		}, 200},
		{"RS18 the query is no part of htu", func() *http.Request { return b.request(b.withProof(b.token()), path+"?page=2") }, 200},
		{"RS18 the Host header says nothing", func() *http.Request {
			r := b.request(b.withProof(b.token()), path)
			r.Host = "evil.example"
			r.Header.Set("X-Forwarded-Host", "evil.example")
			return r
		}, 200},
		{"RS18 a proof for the host of the Host header", func() *http.Request {
			r := b.request(b.proved(b.token(), b.key, "GET", "https://evil.example"+path, "", start), path)
			r.Host = "evil.example"
			return r
		}, 401},
		{"RS18 a proof for another path", func() *http.Request { return b.request(b.withProof(b.token()), path+"/1") }, 401},
		{"RS1 a token in the query", func() *http.Request {
			f := b.withProof(b.token())
			return b.request(f, path+"?access_token="+strings.TrimPrefix(f.Authorization[0], "DPoP "))
		}, 400},
		{"RS1 a token in a form alone", func() *http.Request {
			r := httptest.NewRequest("POST", path, strings.NewReader("access_token="+b.token()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		}, 401},
		{"RS1 nothing", func() *http.Request { return httptest.NewRequest("GET", path, nil) }, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			b.protected().ServeHTTP(w, c.make())
			if w.Code != c.status || w.Code == 200 && w.Body.String() != "partner" {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.status)
			}
		})
	}
}

// RS21: net/http sends Date with every answer, refusals included; a client
// whose clock is off needs it.
func TestProtect_RS21_DateIsSent(t *testing.T) {
	b := newBed(t)
	server, client := net.Pipe()
	l := &oneConn{conn: server, done: make(chan struct{})}
	s := &http.Server{Handler: b.protected()}
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	if _, err := client.Write([]byte("GET /accounts HTTP/1.1\r\nHost: api.example\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := http.ParseTime(res.Header.Get("Date")); err != nil || res.StatusCode != 401 {
		t.Errorf("status %d, Date %q: %v", res.StatusCode, res.Header.Get("Date"), err)
	}
}

// oneConn is a listener of one connection.
type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	close(l.done)
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

func TestFactsOf_RS1_TokenInQuery(t *testing.T) {
	for query, want := range map[string]bool{
		"":                           false,
		"page=2&sort=up":             false,
		"access_token=x":             true,
		"page=2&access_token=x":      true,
		"access_token":               true,
		"Access_Token=x":             true,
		"page=2;ACCESS_TOKEN=x":      true,
		"access%5Ftoken=x":           true,
		"%61ccess_token=x":           true,
		"access_tokens=x":            false,
		"x=access_token":             false,
		"x=%zz&access_token=x":       true,
		"%zz=x":                      false,
		"a+ccess_token=1&&b=2&;x=3&": false,
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.URL.RawQuery = query
		if got := resource.FactsOf(r, origin).TokenInQuery; got != want {
			t.Errorf("query %q: %t, want %t", query, got, want)
		}
	}
}

func TestParseOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.example":        "https://api.example",
		"https://API.Example:443":    "https://api.example",
		"https://localhost:9443":     "https://localhost:9443",
		"https://[::1]:9443":         "https://[::1]:9443",
		"HTTPS://api.example":        "https://api.example",
		"http://api.example":         "",
		"https://api.example/":       "",
		"https://api.example/path":   "",
		"https://api.example?x":      "",
		"https://user@api.example":   "",
		"https://:443":               "",
		"api.example":                "",
		"":                           "",
		"https://api.example:99999x": "",
	} {
		got, err := resource.ParseOrigin(in)
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}
