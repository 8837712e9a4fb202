package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/clock"
	"gatehouse.example/internal/config"
	"gatehouse.example/internal/secret"
	"gatehouse.example/internal/store/sqlstore"
	"gatehouse.example/resource"
)

// replayLimit bounds the proofs that a gateway remembers: at a minute and a
// half each, some 20,000 requests a second.
const replayLimit = 2_000_000

// nonceLifetime is how long a DPoP nonce of the authorization server is good.
const nonceLifetime = 5 * time.Minute

// foundation is what outlives every reload.
type foundation struct {
	clock   clock.Clock
	logger  *slog.Logger
	metrics *metrics
	audit   *audit.Log

	// The authorization server's; nil when that part does not run here.
	store  *sqlstore.Store
	sealer *secret.Sealer
	nonces *dpop.Nonces

	// The gateway's; nil when that part does not run here.
	proofs *resource.Replay

	fixed fixed
}

// fixed are the settings that cannot change without a restart, because what
// they name is open.
type fixed struct {
	audit      config.Audit
	operations config.Operations
	data       string
	sealing    config.Reference
	parts      [2]bool
}

func fixedOf(c *config.Config) fixed {
	f := fixed{audit: c.Audit, operations: c.Operations}
	if c.AuthServer != nil {
		f.data, f.sealing, f.parts[0] = c.AuthServer.Data, c.AuthServer.SealingKey, true
	}
	f.parts[1] = c.Gateway != nil
	return f
}

// allows says why a new configuration needs a restart, or nothing.
func (f fixed) allows(c *config.Config) error {
	now := fixedOf(c)
	switch {
	case f.parts != now.parts:
		return errors.New("the parts that run here cannot change while running: restart")
	case f.audit != now.audit:
		return errors.New("audit.sink cannot change while running: restart")
	case f.operations != now.operations:
		return errors.New("operations.listen cannot change while running: restart")
	case f.data != now.data:
		return errors.New("authserver.data cannot change while running: restart")
	case f.sealing != now.sealing:
		return errors.New("authserver.sealing_key cannot change while running: restart")
	}
	return nil
}

func lay(ctx context.Context, c *config.Config, logger *slog.Logger) (*foundation, error) {
	f := &foundation{clock: clock.System, logger: logger, metrics: newMetrics(), fixed: fixedOf(c)}
	target := audit.Stdout()
	if !c.Audit.Stdout {
		target = audit.File(c.Audit.File)
	}
	var err error
	if f.audit, err = audit.Open(target, audit.Options{}); err != nil {
		return nil, err
	}
	f.metrics.watchAudit(f.audit)
	if c.AuthServer != nil {
		err = f.layAuthServer(ctx, c.AuthServer)
	}
	if err == nil && c.Gateway != nil {
		f.proofs, err = resource.MemoryReplay(f.clock(), replayLimit)
	}
	if err != nil {
		return nil, errors.Join(err, f.close(ctx))
	}
	return f, nil
}

func (f *foundation) layAuthServer(ctx context.Context, c *config.AuthServer) error {
	passphrase, err := c.SealingKey.Resolve()
	if err != nil {
		return fmt.Errorf("authserver.sealing_key: %w", err)
	}
	if f.store, err = sqlstore.Open(ctx, c.Data); err != nil {
		return err
	}
	if f.sealer, err = secret.OpenSealer(ctx, f.store, passphrase); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(c.Data, "durable.db"), err)
	}
	// A nonce only has to outlive the client's next request. After a restart
	// the old ones are refused by use_dpop_nonce and clients take a new one.
	var root [32]byte
	_, _ = rand.Read(root[:]) // never fails
	f.nonces, err = dpop.NewNonces(root[:], nonceLifetime)
	return err
}

func (f *foundation) close(ctx context.Context) error {
	var err error
	if f.store != nil {
		err = f.store.Close()
	}
	return errors.Join(err, f.audit.Close(ctx))
}
