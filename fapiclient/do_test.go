package fapiclient_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

func newRequest(t testing.TB, method, target string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func getToken(t testing.TB, c *fapiclient.Client) *fapiclient.Token {
	t.Helper()
	token, err := c.ClientCredentials(t.Context(), fapiclient.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// status makes the call and returns the answer's status; its body is read.
func status(t testing.TB, resp *http.Response, err error) int {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestDo_CL1_CL2_CL21_ProofAndTokenInTheHeader(t *testing.T) {
	for _, target := range []string{
		"https://api.example/accounts?from=1#here", "https://api.example", "https://api.example/a%2Fb/%C3%A9", "https://API.example:443/x", "https://api2.example:8443/y",
	} {
		t.Run("CL21 "+target, func(t *testing.T) {
			s := newSetup(t, atNoon)
			s.listeners["API.example:443"] = s.listeners["api.example:443"]
			c := s.client(t)
			req := newRequest(t, "GET", target, nil)
			before := req.Header.Clone()
			resp, err := c.Do(t.Context(), req, getToken(t, c))
			if got := status(t, resp, err); got != 200 {
				t.Fatalf("status %d: %q", got, s.lines())
			}
			if len(req.Header) != len(before) {
				t.Errorf("CL2 the caller's request was changed: %v", req.Header)
			}
		})
	}
	t.Run("CL1 certificate", func(t *testing.T) {
		s := newSetup(t, atNoon)
		c := s.mtlsClient(t)
		resp, err := c.Do(t.Context(), newRequest(t, "GET", "https://api.example/accounts", nil), getToken(t, c))
		if got := status(t, resp, err); got != 200 {
			t.Fatalf("status %d: %q", got, s.lines())
		}
	})
}

func TestDo_CL7_NonceAtTheAPI(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	token := getToken(t, c)
	s.apiNonce = "api-1"
	const refused = "api.example POST /payments: use_dpop_nonce: a nonce is needed"
	start := len(s.lines())
	post := func(body io.Reader) int {
		resp, err := c.Do(t.Context(), newRequest(t, "POST", "https://api.example/payments", body), token)
		return status(t, resp, err)
	}
	t.Run("CL7 body had again through GetBody", func(t *testing.T) {
		if got := post(strings.NewReader("hello")); got != 200 {
			t.Fatalf("status %d", got)
		}
		wantLines(t, s.lines()[start:], refused, "api.example POST /payments: served hello")
	})
	t.Run("CL7 the nonce is remembered for this origin only", func(t *testing.T) {
		start = len(s.lines())
		if got := post(strings.NewReader("again")); got != 200 {
			t.Fatalf("status %d", got)
		}
		wantLines(t, s.lines()[start:], "api.example POST /payments: served again")
		// The fake's token endpoint demands that no nonce be sent to it.
		getToken(t, c)
	})
	t.Run("CL7 a body that cannot be had again is not sent again", func(t *testing.T) {
		start, s.apiNonce = len(s.lines()), "api-2"
		if got := post(io.MultiReader(strings.NewReader("once"))); got != 401 {
			t.Fatalf("status %d", got)
		}
		wantLines(t, s.lines()[start:], refused)
	})
	t.Run("CL7 a nonce with a space in it is none", func(t *testing.T) {
		start, s.apiNonce = len(s.lines()), "api 3"
		if got := post(bytes.NewReader(nil)); got != 401 {
			t.Fatalf("status %d", got)
		}
		wantLines(t, s.lines()[start:], refused)
	})
	t.Run("CL7 a server that asks for ever is asked twice", func(t *testing.T) {
		asked := 0
		s.apiScript = func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("DPoP-Nonce", fmt.Sprint("loop-", asked))
			w.Header().Set("WWW-Authenticate", `dpop error="use_dpop_nonce"`)
			w.WriteHeader(401)
		}
		if got := post(strings.NewReader("x")); got != 401 || asked != 2 {
			t.Fatalf("status %d, asked %d times", got, asked)
		}
	})
	t.Run("CL7 a certificate-bound client has no nonce to send", func(t *testing.T) {
		asked := 0
		m := s.mtlsClient(t)
		bound := getToken(t, m)
		s.apiScript = func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("DPoP-Nonce", "n")
			w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
			w.WriteHeader(401)
		}
		resp, err := m.Do(t.Context(), newRequest(t, "GET", "https://api.example/a", nil), bound)
		if got := status(t, resp, err); got != 401 || asked != 1 {
			t.Fatalf("status %d, asked %d times", got, asked)
		}
	})
}

func TestDo_CL1_CL2_CL8_CL21_N1_WhatIsNotSent(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	token := getToken(t, c)
	other := s.config(t)
	otherKey, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	other.Binding = fapiclient.DPoP(otherKey)
	start := len(s.lines())
	const badTarget = "The API's address is not one that a token may be sent to."
	for _, tc := range []struct {
		name, rule, reason string
		client             *fapiclient.Client
		token              *fapiclient.Token
		change             func(*http.Request)
	}{
		{"CL2 no token", "CL2", "There is no token to send.", c, nil, nil},
		{"CL2 zero token", "CL2", "There is no token to send.", c, new(fapiclient.Token), nil},
		{"CL1 another client's token", "CL1", "The token is bound to another key or certificate than this client's.", newClient(t, other), token, nil},
		{"N1 http", "N1", badTarget, c, token, func(r *http.Request) { r.URL.Scheme = "http" }},
		{"N1 no host", "N1", badTarget, c, token, func(r *http.Request) { r.URL.Host, r.Host = "", "" }},
		{"N1 user in the URL", "N1", badTarget, c, token, func(r *http.Request) { r.URL.User = url.User("me") }},
		{"N1 opaque URL", "N1", badTarget, c, token, func(r *http.Request) { r.URL.Opaque = "//evil.example/x" }},
		{"N1 no URL", "N1", "The request has no URL.", c, token, func(r *http.Request) { r.URL = nil }},
		{"CL2 own Authorization", "CL2", "The request already carries an Authorization or DPoP header.", c, token, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }},
		{"CL2 own DPoP", "CL2", "The request already carries an Authorization or DPoP header.", c, token, func(r *http.Request) { r.Header.Set("DPoP", "x") }},
		{"CL2 token in the query", "CL2", inQuery, c, token, func(r *http.Request) { r.URL.RawQuery = "a=b&access_token=x" }},
		{"CL2 token in the query, spelled otherwise", "CL2", inQuery, c, token, func(r *http.Request) { r.URL.RawQuery = "%61ccess_token" }},
		{"CL2 token in the query, in other letters", "CL2", inQuery, c, token, func(r *http.Request) { r.URL.RawQuery = "a=b;Access_Token=x" }},
		{"CL21 another Host", "CL21", "The request's Host is not the host of its URL, so no proof can name it.", c, token, func(r *http.Request) { r.Host = "evil.example" }},
		{"CL8 redirect that net/http follows", "CL8", "A redirect is not followed with a token.", c, token, func(r *http.Request) { r.Response = new(http.Response) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := &closable{Reader: strings.NewReader("x")}
			req := newRequest(t, "POST", "https://api.example/payments", body)
			if tc.change != nil {
				tc.change(req)
			}
			resp, err := tc.client.Do(t.Context(), req, tc.token)
			if resp != nil {
				_ = resp.Body.Close()
			}
			wantStop(t, err, tc.rule, tc.reason)
			if !body.closed {
				t.Error("the body stays open")
			}
		})
	}
	wantLines(t, s.lines()[start:])
}

const inQuery = "The request carries an access_token in its query; a token travels only in the header."

type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestDo_CL8_RedirectIsReturned(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	s.fake.api = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
	}
	resp, err := c.Do(t.Context(), newRequest(t, "GET", "https://api.example/a", nil), getToken(t, c))
	if got := status(t, resp, err); got != 307 {
		t.Fatalf("status %d", got)
	}
}

func TestDo_CL2_NoCookiesAreKept(t *testing.T) {
	s := newSetup(t, atNoon)
	c := s.client(t)
	token := getToken(t, c)
	var cookies []*http.Cookie
	s.fake.api = func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Cookies()...)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Secure: true})
	}
	for range 2 {
		resp, err := c.Do(t.Context(), newRequest(t, "GET", "https://api.example/a", nil), token)
		status(t, resp, err)
	}
	if len(cookies) != 0 {
		t.Errorf("cookies were sent: %v", cookies)
	}
}
