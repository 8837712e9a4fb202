package edge

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/netip"
	"sync"
	"time"
)

// linesPerSecond bounds how many lines a port writes about handshakes: a
// flood of them must not become a flood of the log. Metrics count them all.
const linesPerSecond = 10

// sampler lets through so many lines a second and counts the others.
type sampler struct {
	mu     sync.Mutex
	second int64
	lines  int
	muted  int
}

// allow tells whether a line may be written now, and how many were not since
// the last one.
func (s *sampler) allow(now time.Time) (ok bool, muted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := now.Unix(); sec != s.second {
		s.second, s.lines = sec, 0
	}
	if s.lines >= linesPerSecond {
		s.muted++
		return false, 0
	}
	s.lines++
	muted, s.muted = s.muted, 0
	return true, muted
}

// logRefusal says who was refused and why: version, server name and address
// prefix find the partner whose client is too old (N2).
func (p *port) logRefusal(w *wire, err error) {
	ok, muted := p.lines.allow(p.edge.now())
	if !ok {
		return
	}
	p.edge.log.Info("handshake refused", "listener", p.name(),
		"version_offered", versionName(w.offered), "server_name", cut(w.serverName, 64),
		"source", prefixOf(w.RemoteAddr()), "reason", cut(err.Error(), 256), "muted", muted)
}

// noteOldVersion names the partner that still uses TLS 1.2 (N2: counted per
// partner; the metric counts by listener).
func (p *port) noteOldVersion(w *wire, cs *tls.ConnectionState) {
	if cs.Version >= tls.VersionTLS13 {
		return
	}
	ok, muted := p.lines.allow(p.edge.now())
	if !ok {
		return
	}
	fingerprint := ""
	if len(cs.PeerCertificates) > 0 {
		sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
		fingerprint = hex.EncodeToString(sum[:])
	}
	p.edge.log.Warn("connection with an old TLS version", "listener", p.name(),
		"version", versionName(cs.Version), "certificate", fingerprint,
		"source", prefixOf(w.RemoteAddr()), "muted", muted)
}

// prefixOf gives the network of an address: /24 of IPv4, /48 of IPv6.
func prefixOf(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return ""
	}
	addr, bits := ap.Addr().Unmap().WithZone(""), 48
	if addr.Is4() {
		bits = 24
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

func cut(s string, most int) string { return s[:min(len(s), most)] }
