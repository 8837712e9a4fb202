package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options say how far a [Client] may go. A zero field takes its default and
// never means "without".
type Options struct {
	Roots        *x509.CertPool // who may sign a server's certificate; nil means the system's
	AllowPrivate bool           // loopback, private and carrier-grade NAT addresses may be called
	Timeout      time.Duration  // for one whole exchange; 0 means 10 s
	MaxBytes     int64          // of a body; 0 means 512 KiB
}

const (
	defaultTimeout  = 10 * time.Second
	defaultMaxBytes = 512 << 10
	maxHeaderBytes  = 64 << 10
	idleTimeout     = 30 * time.Second // long enough for metadata and then keys
)

// Client fetches documents. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	maxBytes int64
}

// New makes a client. It keeps an idle connection for at most 30 s.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	dialer := &net.Dialer{Timeout: o.Timeout, Control: control(o.AllowPrivate)}
	transport := &http.Transport{
		Proxy:                  nil, // a proxy would be called in the server's place
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: o.Roots},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // so that the limit counts what is sent
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           4,
		IdleConnTimeout:        idleTimeout,
	}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			Timeout:       o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		maxBytes: o.MaxBytes,
	}
}

// Get fetches the document at an https URL; accept is the value of the Accept
// header. Any status but 200 is an error, redirects included.
func (c *Client) Get(ctx context.Context, address, accept string) ([]byte, error) {
	if err := checkURL(address); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", "gatehouse")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: status %d, only 200 is accepted", address, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	if int64(len(body)) > c.maxBytes {
		return nil, fmt.Errorf("get %s: the answer is larger than %d bytes", address, c.maxBytes)
	}
	return body, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// checkURL admits https with a host and without credentials.
func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("address is not a URL")
	}
	if u.Scheme != "https" || u.Host == "" || u.User != nil {
		return errors.New("address is not an https URL with a host and without credentials")
	}
	return nil
}
