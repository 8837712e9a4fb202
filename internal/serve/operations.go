package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// operations is the listener for the people and machines that run Gatehouse.
// It speaks plain HTTP and so listens on a loopback address only, which the
// configuration makes sure of.
type operations struct {
	server   *http.Server
	listener net.Listener
}

func openOperations(address string, s *Server) (*operations, error) {
	if address == "" {
		return &operations{}, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("operations.listen: %w: stop what uses %s or choose another address", err, address)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.foundation.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.ready)
	o := &operations{listener: l, server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
	}}
	go func() { _ = o.server.Serve(l) }()
	return o, nil
}

func (o *operations) addr() string {
	if o.listener == nil {
		return ""
	}
	return o.listener.Addr().String()
}

func (o *operations) close(ctx context.Context) error {
	if o.server == nil {
		return nil
	}
	return o.server.Shutdown(ctx)
}

// ready answers 200 when this process should be sent requests, else 503, and
// says about each part what is wrong with it.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	checks, status := map[string]string{}, http.StatusOK
	for name, err := range s.checks(r.Context()) {
		checks[name] = "ok"
		if err != nil {
			checks[name], status = err.Error(), http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(checks)
}

func (s *Server) checks(ctx context.Context) map[string]error {
	out := map[string]error{"audit": s.foundation.audit.Healthy()}
	g := s.current.Load()
	switch {
	case g == nil:
		out["listeners"] = errors.New("starting")
	case s.draining.Load():
		out["listeners"] = errors.New("draining")
	default:
		out["listeners"] = nil
	}
	if s.foundation.store != nil {
		out["store"] = s.foundation.store.Healthy(ctx)
	}
	if g != nil && g.verifier != nil {
		out["issuer_keys"] = g.verifier.Ready()
	}
	return out
}
