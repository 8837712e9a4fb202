package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/serve"
)

func serveCommand() *cobra.Command {
	var file, level string
	var only []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run what a configuration file describes",
		Long: `Runs the parts of a configuration file: the authorization server, the gateway,
or both in one process.

SIGHUP reloads the file; certificates, keys and CA bundles are also reloaded
within seconds of a change on disk. A new configuration is built whole and then
swapped in; when anything in it is wrong, the log says what and the old one
serves on. SIGTERM and Ctrl-C stop accepting, let running requests end, and exit.`,
		Example: `  gatehouse serve -c gatehouse.yaml
  gatehouse serve -c gatehouse.yaml --only gateway`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			parts := config.Whole()
			if len(only) > 0 {
				var err error
				if parts, err = config.Only(only...); err != nil {
					return err
				}
			}
			collectLess()
			var lowest slog.Level
			if err := lowest.UnmarshalText([]byte(level)); err != nil {
				return fmt.Errorf("--log-level %q is not debug, info, warn or error", level)
			}
			logger := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: lowest}))
			// net/http prints what an upstream sends unasked with package log.
			slog.SetDefault(logger)
			server, err := serve.Start(cmd.Context(), serve.Options{File: file, Parts: parts, Logger: logger})
			if err != nil {
				return err
			}
			logger.Info("listening", "operations", server.OperationsAddr())
			go logReady(cmd.Context(), server, logger)
			return server.Run(cmd.Context(), hangups(cmd.Context()))
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "gatehouse.yaml", "the configuration file")
	cmd.Flags().StringSliceVar(&only, "only", nil, "run only these parts: authserver, gateway")
	cmd.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error; debug tells each refused token request")
	return cmd
}

// collectLess lets the heap grow to five times what is live before it is
// collected. A server's live heap is small and bounded (its caches have limits)
// and nearly all that a request makes is garbage when it ends, so at Go's
// default of twice a third of the collector's work is for nothing; docs/bench.md
// has the figures. GOGC and GOMEMLIMIT, where an operator sets them, still rule.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// logReady says when every issuer's keys are there, or each half minute why not.
func logReady(ctx context.Context, server *serve.Server, logger *slog.Logger) {
	for ctx.Err() == nil {
		if err := server.AwaitReady(ctx, 30*time.Second); err == nil {
			logger.Info("ready")
			return
		} else if ctx.Err() == nil {
			logger.Warn("not ready", "error", err.Error())
		}
	}
}

// hangups turns SIGHUP into values until ctx ends.
func hangups(ctx context.Context) <-chan struct{} {
	signals, out := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				select {
				case out <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

// quiet logs errors only: the demo itself says what a person should know.
func quiet(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError}))
}
