package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gatehouse.example/mtls"
)

const (
	// readHeaderTimeout and idleTimeout free a connection whose client sends
	// its headers drop by drop, or nothing; bodyTimeout one that announced a
	// body and sends nothing of it. There is no limit on a whole request or
	// answer: it would break streams.
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	bodyTimeout       = time.Minute
	// maxHeaderBytes has room for an access token (16 KiB) and a proof (8 KiB).
	maxHeaderBytes = 64 << 10
)

// port is one open socket with the HTTP server behind it. It lives as long as
// some listener wants its address; what it is for comes from its generation.
type port struct {
	edge     *Edge
	socket   net.Listener
	server   *http.Server
	current  atomic.Pointer[generation]
	admitted chan net.Conn  // handshakes that ended well, for the server
	work     sync.WaitGroup // run and the handshakes that it began
	lines    sampler
	patience time.Duration   // bodyTimeout
	ctx      context.Context // ends when the port stops accepting
	cancel   context.CancelFunc
}

// bind opens the socket of a listener.
func (e *Edge) bind(g *generation) (*port, error) {
	socket, err := net.Listen("tcp", g.spec.Address)
	if err != nil {
		return nil, bindError(g.spec, err)
	}
	p := &port{edge: e, socket: socket, admitted: make(chan net.Conn), patience: bodyTimeout}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.server = p.newServer()
	p.swap(g)
	return p, nil
}

func bindError(s Spec, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listener %q: address %s is in use already; stop the program that uses it or choose another port", s.Name, s.Address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("listener %q: this user may not listen on %s; choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE", s.Name, s.Address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listener %q: this machine has no address %s; choose one that it has", s.Name, s.Address)
	}
	return fmt.Errorf("listener %q: cannot listen on %s: %w", s.Name, s.Address, err)
}

func (p *port) newServer() *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler:                      http.HandlerFunc(p.serveHTTP),
		ConnContext:                  p.connContext,
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		Protocols:                    &protocols,
		// Pings find dead peers; a stream whose reader stopped reading ends.
		HTTP2:    &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second, WriteByteTimeout: time.Minute},
		ErrorLog: slog.NewLogLogger(p.edge.log.Handler(), slog.LevelWarn),
	}
}

// swap makes g the current generation.
func (p *port) swap(g *generation) {
	old := p.current.Load()
	if old != nil && old.spec.epoch() == g.spec.epoch() {
		g.tickets = old.tickets
	} else {
		g.tickets = p.newTickets()
	}
	p.current.Store(g)
	if old != nil && old.spec.Name != g.spec.Name {
		p.edge.metrics.notAfter.DeleteLabelValues(old.spec.Name)
	}
}

func (p *port) name() string { return p.current.Load().spec.Name }

// trust is the bundle of the listener as it is now.
func (p *port) trust() *mtls.Bundle { return p.current.Load().spec.Clients.bundle }

// connContext is called with an admitted connection: its handshake is complete.
func (p *port) connContext(ctx context.Context, c net.Conn) context.Context {
	conn, ok := c.(*tls.Conn)
	if !ok {
		return ctx
	}
	cs := conn.ConnectionState()
	return mtls.WithPeer(ctx, mtls.NewPeer(&cs, p.trust))
}

// serveHTTP hands the request to the current handler. A connection whose
// certificate is not good any more ends with this answer, which is the
// handler's: its refusal is on record.
func (p *port) serveHTTP(w http.ResponseWriter, r *http.Request) {
	g := p.current.Load()
	if g.spec.Clients.kind != none {
		cert, err := mtls.PeerFrom(r.Context()).Certificate(p.edge.now())
		if err != nil || !cert.Present() {
			w.Header().Set("Connection", "close")
		}
	}
	r, finish := p.boundBody(w, r)
	defer finish() // a handler that panics, too, may have left a Read behind
	g.spec.Handler.ServeHTTP(w, r)
}

// run serves until stop.
func (p *port) run() error {
	accepting := make(chan error, 1)
	go func() {
		err := p.accept()
		p.cancel()
		accepting <- err
	}()
	err := p.server.Serve(admittedOnly{p})
	if p.ctx.Err() != nil {
		err = nil // the server ended because accepting did
	}
	p.close()
	return errors.Join(<-accepting, err)
}

// close takes no more connections; those that are open stay.
func (p *port) close() {
	p.cancel()
	_ = p.socket.Close()
}

// stop closes the socket and lets running requests end until ctx does.
func (p *port) stop(ctx context.Context) error {
	p.close()
	err := p.server.Shutdown(ctx)
	if err != nil {
		_ = p.server.Close()
		err = fmt.Errorf("listener %q: requests were still running and were cut off: %w", p.name(), err)
	}
	p.work.Wait()
	return err
}

// admittedOnly is the listener that the HTTP server sees: its connections
// have been admitted.
type admittedOnly struct{ p *port }

func (a admittedOnly) Accept() (net.Conn, error) {
	select {
	case c := <-a.p.admitted:
		return c, nil
	case <-a.p.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (a admittedOnly) Close() error   { return nil }
func (a admittedOnly) Addr() net.Addr { return a.p.socket.Addr() }
