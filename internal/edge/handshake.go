package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

const (
	// handshakeTimeout is how long a client may take to complete a handshake.
	handshakeTimeout = 10 * time.Second
	// linger is how long a refused client is listened to, so that the alert
	// that says why reaches it before the connection is reset.
	linger      = 250 * time.Millisecond
	lingerBytes = 64 << 10
)

// wire is a TCP connection that remembers what its ClientHello offered.
type wire struct {
	net.Conn
	offered    uint16 // highest version; 0 until a ClientHello came
	serverName string // SNI, as the client sent it
}

// known are the versions that count as offered; others are reserved values
// that clients send at random (RFC 8701).
var known = []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}

func (w *wire) note(hello *tls.ClientHelloInfo) {
	w.serverName = hello.ServerName
	w.offered = 1 // a version that we know nothing of
	for _, v := range hello.SupportedVersions {
		if slices.Contains(known, v) {
			w.offered = max(w.offered, v)
		}
	}
}

// newTickets makes the outer configuration of an epoch: its ticket keys are
// made and rotated by crypto/tls, everything else comes from the generation
// that is current when the ClientHello arrives.
func (p *port) newTickets() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		Time:       p.edge.now,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if w, ok := hello.Conn.(*wire); ok {
				w.note(hello)
			}
			return p.current.Load().config, nil
		},
	}
}

// accept takes connections from the socket until the port stops. Handshakes
// run beside it: one slow client keeps nobody waiting.
func (p *port) accept() error {
	for wait := time.Duration(0); ; {
		raw, err := p.socket.Accept()
		switch {
		case err == nil:
			wait = 0
			p.work.Go(func() { p.handshake(raw) })
		case p.ctx.Err() != nil:
			return nil
		case passing(err):
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			p.edge.log.Error("no connection can be accepted for the moment", "listener", p.name(), "error", err)
			p.pause(wait)
		default:
			return fmt.Errorf("listener %q accepts no more: %w", p.name(), err)
		}
	}
}

// passing tells whether accepting may succeed again later: the client has gone
// already, or the system is short of file descriptors or memory.
func passing(err error) bool {
	return slices.ContainsFunc([]error{
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EINTR,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	}, func(e error) bool { return errors.Is(err, e) })
}

func (p *port) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
}

// handshake admits a connection or refuses it. HTTP sees admitted ones only.
func (p *port) handshake(raw net.Conn) {
	w := &wire{Conn: raw}
	defer func() {
		if cause := recover(); cause != nil {
			_ = raw.Close()
			p.edge.log.Error("a handshake panicked", "listener", p.name(), "cause", cause, "stack", string(debug.Stack()))
		}
	}()
	conn := tls.Server(w, p.current.Load().tickets)
	ctx, cancel := context.WithTimeout(p.ctx, handshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		p.refuse(w, err)
		return
	}
	cs := conn.ConnectionState()
	p.edge.metrics.countAdmitted(p.name(), &cs)
	p.noteOldVersion(w, &cs)
	select {
	case p.admitted <- conn:
	case <-p.ctx.Done():
		_ = conn.Close()
	}
}

func (p *port) refuse(w *wire, err error) {
	defer func() { _ = w.Close() }()
	if p.ctx.Err() != nil {
		return // it is we who hung up
	}
	p.edge.metrics.countRefused(p.name(), w.offered)
	p.logRefusal(w, err)
	half, ok := w.Conn.(interface{ CloseWrite() error })
	if w.offered == 0 || !ok || half.CloseWrite() != nil {
		return
	}
	_ = w.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.CopyN(io.Discard, w.Conn, lingerBytes)
}
