package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/edge"
)

const (
	// keysWithin is how long a reload waits for the keys of every issuer.
	keysWithin = 10 * time.Second
	// drainWithin is how long requests may go on after a shutdown began.
	drainWithin = 20 * time.Second
	// watchEvery is how often files are looked at for a changed content.
	watchEvery = 5 * time.Second
	// retryAfter is when a reload that failed after a change on disk is tried
	// again.
	retryAfter = time.Minute
)

// Options say what to run.
type Options struct {
	File   string       // the configuration file
	Parts  config.Parts // config.Whole(), or some by name
	Logger *slog.Logger
}

// Server is a running Gatehouse.
type Server struct {
	opts       Options
	foundation *foundation
	edge       *edge.Edge
	operations *operations

	reloading sync.Mutex
	current   atomic.Pointer[generation]
	draining  atomic.Bool
	ctx       context.Context // of everything in the background
	cancel    context.CancelFunc
	served    chan error
}

// Start loads the configuration, provisions it and opens every listener. When
// it returns, connections are accepted; [Server.AwaitReady] says when requests
// will be let through.
func Start(ctx context.Context, opts Options) (*Server, error) {
	c, files, err := load(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, served: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if s.foundation, err = lay(ctx, c, opts.Logger); err != nil {
		s.cancel()
		return nil, err
	}
	if err := s.open(ctx, c, files); err != nil {
		s.cancel()
		return nil, errors.Join(err, s.foundation.close(ctx))
	}
	for _, u := range c.Unsafe {
		opts.Logger.Warn("unsafe setting in force", "key", u.Key, "line", u.Line, "reason", u.Reason)
	}
	return s, nil
}

// load reads the configuration, and begins to observe the files that it names
// before they are read: a change that comes while they are being read is seen.
// The configuration file itself is left to SIGHUP: whoever edits it says when
// it is finished.
func load(opts Options) (*config.Config, *edge.Files, error) {
	var observed []string
	var files *edge.Files
	for {
		c, problems := config.Load(opts.File, opts.Parts)
		if err := first(opts.File, problems); err != nil {
			return nil, nil, err
		}
		named := slices.DeleteFunc(slices.Clone(c.Files()), func(f string) bool { return f == c.File })
		if files != nil && slices.Equal(named, observed) {
			return c, files, nil
		}
		observed, files = named, edge.Observe(named...)
	}
}

// first makes one line of a configuration's problems.
func first(file string, problems config.Problems) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return errors.New(problems[0].String())
	}
	return fmt.Errorf("%s (and %d more: gatehouse config check -c %s)", problems[0], len(problems)-1, file)
}

func (s *Server) open(ctx context.Context, c *config.Config, files *edge.Files) error {
	g, err := s.foundation.provision(ctx, c)
	if err != nil {
		return err
	}
	g.files = files
	if s.operations, err = openOperations(c.Operations.Listen, s); err != nil {
		return err
	}
	if s.edge, err = edge.Open(g.specs, s.foundation.clock, s.foundation.metrics.registry, s.opts.Logger); err != nil {
		return errors.Join(err, s.operations.close(ctx))
	}
	s.current.Store(g)
	go func() { s.served <- s.edge.Serve() }()
	g.fetchKeys(s.ctx)
	if s.foundation.store != nil {
		go s.foundation.store.KeepHouse(s.ctx, s.foundation.clock, func(err error) {
			s.opts.Logger.Error("expired rows could not be removed", "error", err.Error())
		})
	}
	return nil
}

// AwaitReady waits until every part can do its work.
func (s *Server) AwaitReady(ctx context.Context, within time.Duration) error {
	return s.current.Load().awaitKeys(ctx, within)
}

// Addr is the address that a listener got, "" when there is none of that name.
func (s *Server) Addr(listener string) string { return s.edge.Addr(listener) }

// OperationsAddr is the address of the operations listener, "" without one.
func (s *Server) OperationsAddr() string { return s.operations.addr() }

// Reload reads the configuration again, provisions it whole and swaps it in.
// On any error what served before serves on.
func (s *Server) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.draining.Load() {
		return errors.New("shutting down")
	}
	c, files, err := load(s.opts)
	if err != nil {
		return err
	}
	if err := s.foundation.fixed.allows(c); err != nil {
		return err
	}
	next, err := s.foundation.provision(ctx, c)
	if err != nil {
		return err
	}
	next.files = files
	next.fetchKeys(s.ctx)
	if err := next.awaitKeys(ctx, keysWithin); err != nil {
		next.end()
		return fmt.Errorf("the new configuration is not ready: %w", err)
	}
	if err := s.edge.Reload(next.specs); err != nil {
		next.end()
		return err
	}
	last := s.current.Swap(next)
	// Requests in flight still use the old generation's upstream connections
	// and keys; only its idle connections and its fetching of keys end here.
	last.end()
	return nil
}

// Run serves until ctx ends, then drains. Each value from hangup, and each
// change of a certificate, key or bundle on disk, is a reload. One that a
// change on disk caused and that failed is tried again: what failed may have
// been an issuer that was away for a moment.
func (s *Server) Run(ctx context.Context, hangup <-chan struct{}) error {
	changed := make(chan struct{}, 1)
	var retry <-chan time.Time
	for {
		g := s.current.Load()
		watching, unwatch := context.WithCancel(s.ctx)
		go g.files.Watch(watching, watchEvery, func() { signal(changed) })
		// A failed reload leaves the generation, and its files are watched on
		// without a break.
		for s.current.Load() == g {
			byChange := retry != nil
			select {
			case <-ctx.Done():
				unwatch()
				return s.Shutdown()
			case err := <-s.served:
				unwatch()
				return errors.Join(err, s.Shutdown())
			case <-hangup:
			case <-changed:
				byChange = true
			case <-retry:
			}
			retry = nil
			if err := s.reload(ctx); err != nil && byChange {
				retry = time.After(retryAfter)
			}
		}
		unwatch()
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reload is Reload, told to the operator.
func (s *Server) reload(ctx context.Context) error {
	err := s.Reload(ctx)
	s.foundation.metrics.reloaded(err)
	if err != nil {
		s.opts.Logger.Error("reload failed; the old configuration serves on", "error", err.Error())
	} else {
		s.opts.Logger.Info("reloaded")
	}
	return err
}

// Shutdown stops accepting, lets running requests end, and closes everything.
func (s *Server) Shutdown() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.draining.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), drainWithin)
	defer cancel()
	err := s.edge.Shutdown(ctx)
	s.current.Load().end()
	s.cancel()
	return errors.Join(err, s.operations.close(ctx), s.foundation.close(ctx))
}
