package edge

import (
	"net/http"
	"time"
)

// Servers are the HTTP servers behind the sockets.
func (e *Edge) Servers() []*http.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*http.Server
	for _, p := range e.ports {
		out = append(out, p.server)
	}
	return out
}

// Sampler bounds log lines.
type Sampler struct{ s sampler }

// Allow tells whether a line may be written now.
func (s *Sampler) Allow(now time.Time) (ok bool, muted int) { return s.s.allow(now) }

// SetBodyTimeout changes how long a client may send nothing of a body.
func (e *Edge) SetBodyTimeout(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.ports {
		p.patience = d
	}
}
