package fapiclient

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Answer is what came back from a server: read whole, and not judged yet.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	sent  time.Time // when the request for a token was made
	asked string    // the scope that it asked for
}

// The time that a server has for metadata or a token, and the time that it
// has for the header of an API's answer.
const exchangeTimeout = 30 * time.Second

// wire is an HTTP client that verifies servers, follows no redirect and keeps
// no cookie. It is made only by newWire.
type wire struct{ http *http.Client }

// newWire copies what hc says about roots, dialing, proxies and timeouts, and
// nothing that would weaken TLS. A nil hc means the system's roots. The
// certificate, when there is one, is offered in every handshake.
func newWire(hc *http.Client, certificate *tls.Certificate) (*wire, error) {
	if hc == nil {
		hc = &http.Client{}
	}
	t, err := copyTransport(hc.Transport)
	if err != nil {
		return nil, err
	}
	if err := strengthen(t.TLSClientConfig); err != nil {
		return nil, err
	}
	if certificate != nil {
		t.TLSClientConfig.Certificates = []tls.Certificate{*certificate}
		t.TLSClientConfig.GetClientCertificate = nil
	}
	return &wire{&http.Client{
		Transport: t,
		Timeout:   hc.Timeout,
		// A redirect would carry a proof, an assertion or a token to a place
		// that no metadata names (CL8). It comes back as the answer that it is.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func copyTransport(rt http.RoundTripper) (*http.Transport, error) {
	if rt == nil {
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{},
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: exchangeTimeout, IdleConnTimeout: 90 * time.Second,
		}, nil
	}
	given, ok := rt.(*http.Transport)
	if !ok {
		return nil, stop("N4", "The HTTP client's Transport must be a *http.Transport, because another cannot be seen to verify the server.")
	}
	//lint:ignore SA1019 DialTLS is looked at only to refuse it
	if given.DialTLSContext != nil || given.DialTLS != nil {
		return nil, stop("N4", "The HTTP transport brings its own TLS dialer, which cannot be seen to verify the server.")
	}
	t := given.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
		t.ForceAttemptHTTP2 = true
	}
	return t, nil
}

// strengthen refuses a configuration that does not verify the server and its
// name (N4) or allows less than TLS 1.2, and asks for TLS 1.3 where nothing is
// said (N2). TLS 1.2 goes only with the suites that RFC 9325 §4.2 recommends.
func strengthen(c *tls.Config) error {
	switch {
	case c.InsecureSkipVerify:
		return stop("N4", "The HTTP client does not verify server certificates.")
	case c.ServerName != "":
		return stop("N4", "The HTTP client expects one fixed server name instead of the name in each URL.")
	case c.MinVersion == 0:
		c.MinVersion = tls.VersionTLS13
	case c.MinVersion < tls.VersionTLS12:
		return stop("N2", "The HTTP client allows a TLS version before 1.2.")
	}
	c.CipherSuites = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	return nil
}

// exchange sends one request and reads an answer of at most limit bytes.
func (w *wire) exchange(req *http.Request, limit int64) (*Answer, error) {
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, stop("CL8", "The server's answer is larger than any honest one.")
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// checkHTTPS reads an address and refuses one to which nothing of ours may go.
func checkHTTPS(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if u.Fragment != "" {
		return nil, errors.New("it has a fragment")
	}
	return u, checkTarget(u)
}

// checkTarget demands https, a host, and no user name (N1).
func checkTarget(u *url.URL) error {
	switch {
	case u.Scheme != "https":
		return errors.New("it does not begin with https://")
	case u.Hostname() == "" || u.Opaque != "":
		return errors.New("it names no host")
	case u.User != nil:
		return errors.New("it carries a user name")
	}
	return nil
}
