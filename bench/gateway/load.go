package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is what one row sends.
type request struct {
	path          string
	authorization string
	dpop          string
}

// measure sends count requests, the first of which is number from, over kept
// connections and returns the proxy's CPU time per request. A refusal is an
// error: a denied request would cost less and flatter the figure.
func (b *bed) measure(ctx context.Context, r *row, from, count, connections int) (time.Duration, error) {
	client := b.client(connections)
	defer client.CloseIdleConnections()
	// Open the connections before counting: handshakes are not in the figure.
	// The key set's path is open to all, and any answer will do.
	if err := b.open(ctx, client, r.target, connections); err != nil {
		return 0, err
	}
	before, err := cpuTime(r.pid)
	if err != nil {
		return 0, err
	}
	if err := b.send(ctx, client, r, from, count, connections, r.request); err != nil {
		return 0, err
	}
	after, err := cpuTime(r.pid)
	if err != nil {
		return 0, err
	}
	return (after - before) / time.Duration(count), nil
}

func (b *bed) send(ctx context.Context, client *http.Client, r *row, from, count, connections int, numbered func(int) request) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= count || ctx.Err() != nil {
					return
				}
				if err := one(ctx, client, r.target, numbered(from+n)); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// open makes connections that stay open for the requests that follow: none of
// the answers is given back before all of them are there.
func (b *bed) open(ctx context.Context, client *http.Client, target string, connections int) error {
	var all sync.WaitGroup
	errs := make([]error, connections)
	var there sync.WaitGroup
	there.Add(connections)
	for i := range connections {
		all.Go(func() {
			req, err := http.NewRequestWithContext(ctx, "GET", target+"/.well-known/gatehouse/jwks.json", nil)
			if err != nil {
				errs[i] = err
				there.Done()
				return
			}
			res, err := client.Do(req)
			there.Done()
			there.Wait()
			if errs[i] = err; err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func one(ctx context.Context, client *http.Client, target string, q request) error {
	req, err := http.NewRequestWithContext(ctx, "GET", target+q.path, nil)
	if err != nil {
		return err
	}
	if q.authorization != "" {
		req.Header.Set("Authorization", q.authorization)
	}
	if q.dpop != "" {
		req.Header.Set("DPoP", q.dpop)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d: %s %s", q.path, res.StatusCode, res.Header.Get("WWW-Authenticate"), body)
	}
	return nil
}

// client speaks HTTP/1.1 over TLS 1.3 with the partner's certificate.
func (b *bed) client(connections int) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(b.authority)
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{b.partner}, NextProtos: []string{"http/1.1"}},
	}}
}

// cpuTime is the time that all threads of a process have run.
func cpuTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	var total time.Duration
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that ended meanwhile
		}
		ran, _, _ := strings.Cut(string(data), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}
