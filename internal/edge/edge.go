package edge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/internal/clock"
)

// retireWithin is how long requests of a listener that a reload removed may
// go on.
const retireWithin = 30 * time.Second

// Edge is the set of open listeners.
type Edge struct {
	now     clock.Clock
	metrics *metrics
	log     *slog.Logger

	mu       sync.Mutex       // one Serve, Reload, Shutdown or Addr at a time
	ports    map[string]*port // by Spec.socket
	serving  bool
	closed   bool
	retiring sync.WaitGroup // ports that a reload removed
	patience context.Context
	hurry    context.CancelFunc // ends the patience with retiring ports

	ending sync.Once
	ended  chan error
}

// Open provisions every listener and binds its socket. Connections wait in
// the system's queue until [Edge.Serve]. An error says in one line what is
// wrong and what to do, and leaves nothing open.
func Open(specs []Spec, now clock.Clock, metrics prometheus.Registerer, log *slog.Logger) (*Edge, error) {
	m, err := newMetrics(metrics)
	if err != nil {
		return nil, err
	}
	e := &Edge{now: now, metrics: m, log: log, ports: map[string]*port{}, ended: make(chan error, 1)}
	e.patience, e.hurry = context.WithCancel(context.Background())
	if err := e.Reload(specs); err != nil {
		e.hurry()
		return nil, err
	}
	return e, nil
}

// Serve accepts connections on every listener. It returns nil after
// [Edge.Shutdown], and an error when a socket fails; the others then go on
// until Shutdown.
func (e *Edge) Serve() error {
	e.mu.Lock()
	e.serving = true
	for _, p := range e.ports {
		e.start(p)
	}
	e.mu.Unlock()
	return <-e.ended
}

func (e *Edge) start(p *port) {
	p.work.Go(func() {
		if err := p.run(); err != nil {
			e.end(err)
		}
	})
}

// end lets Serve return; the first reason counts.
func (e *Edge) end(err error) { e.ending.Do(func() { e.ended <- err }) }

// Reload makes the specs the listeners. All of them are provisioned and every
// new socket is opened before anything changes; on any error everything stays
// as it was. Sockets whose address is still wanted keep accepting throughout,
// and open connections stay: their next request meets the new handler and the
// new trust. Removed listeners take no more connections and drain.
func (e *Edge) Reload(specs []Spec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errors.New("the listeners are shut down")
	}
	next, err := e.provisionAll(specs)
	if err != nil {
		return err
	}
	opened, err := e.openMissing(next)
	if err != nil {
		return err
	}
	for socket, g := range next {
		if p := e.ports[socket]; p != nil {
			p.swap(g)
		}
	}
	e.retireOthers(next)
	for socket, p := range opened {
		e.ports[socket] = p
		if e.serving {
			e.start(p)
		}
	}
	for _, g := range next {
		e.metrics.notAfter.WithLabelValues(g.spec.Name).Set(float64(g.notAfter.Unix()))
	}
	return nil
}

func (e *Edge) provisionAll(specs []Spec) (map[string]*generation, error) {
	if err := checkSpecs(specs); err != nil {
		return nil, err
	}
	out := make(map[string]*generation, len(specs))
	for _, s := range specs {
		g, err := provision(s, e.now)
		if err != nil {
			return nil, err
		}
		out[s.socket()] = g
	}
	return out, nil
}

// openMissing binds the sockets that are not open yet, all or none.
func (e *Edge) openMissing(next map[string]*generation) (map[string]*port, error) {
	opened := map[string]*port{}
	for socket, g := range next {
		if e.ports[socket] != nil {
			continue
		}
		p, err := e.bind(g)
		if err != nil {
			for _, p := range opened {
				_ = p.stop(context.Background()) // it never accepted anything
			}
			return nil, err
		}
		opened[socket] = p
	}
	return opened, nil
}

// retireOthers drains, in the background, the ports that nobody wants now.
func (e *Edge) retireOthers(next map[string]*generation) {
	for socket, p := range e.ports {
		if next[socket] != nil {
			continue
		}
		delete(e.ports, socket)
		p.close() // at once: the next reload may want the address back
		e.metrics.notAfter.DeleteLabelValues(p.name())
		e.retiring.Go(func() {
			ctx, cancel := context.WithTimeout(e.patience, retireWithin)
			defer cancel()
			if err := p.stop(ctx); err != nil {
				e.log.Warn("a removed listener did not drain in time", "error", err)
			}
		})
	}
}

// Shutdown closes every socket, lets running requests end and cuts off those
// that still run when ctx ends, which is an error.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	errs := make(chan error, len(e.ports))
	for _, p := range e.ports {
		go func() { errs <- p.stop(ctx) }()
	}
	var all error
	for range e.ports {
		all = errors.Join(all, <-errs)
	}
	clear(e.ports)
	defer e.hurry()
	defer context.AfterFunc(ctx, e.hurry)()
	e.retiring.Wait()
	e.end(nil)
	return all
}

// Addr is the address, host:port, that the named listener is bound to, "" when
// there is none of that name.
func (e *Edge) Addr(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.ports {
		if p.name() == name {
			return p.socket.Addr().String()
		}
	}
	return ""
}
