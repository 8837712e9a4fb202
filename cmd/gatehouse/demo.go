package main

import (
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.example/internal/demo"
)

func demoCommand() *cobra.Command {
	var o demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Everything on loopback, with a sample bank, and one call per layer",
		Long: `Starts the authorization server, the gateway with a public and a partner
listener, and a sample bank API behind them, all on localhost. Keys, certificate
authorities and clients are made in a folder at the first start and found again
at the next. Then one call per layer shows what is let through and what is
refused, and why. It stays up until Ctrl-C, which drains.`,
		Example: `  gatehouse demo
  gatehouse demo --once                   end after the demonstration; 1 if an outcome is not the stated one
  gatehouse demo --dir /tmp/d --port 0    in another folder, on free ports`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			slog.SetDefault(quiet(cmd.ErrOrStderr())) // net/http prints with package log
			o.Out, o.Logger, o.Hangup = cmd.OutOrStdout(), quiet(cmd.ErrOrStderr()), hangups(cmd.Context())
			return demo.Run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.Dir, "dir", demo.DefaultDir, "the folder that holds the demo")
	cmd.Flags().IntVar(&o.Port, "port", 9440, "the first of six ports of a new demo; 0 takes free ones")
	cmd.Flags().BoolVar(&o.Once, "once", false, "end after the demonstration")
	return cmd
}

func initCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented starter configuration, keys and a first client",
		Long: `Writes a commented gatehouse.yaml, a certificate authority with certificates for
localhost, the secrets, and a first client with what gatehouse call needs. It
overwrites nothing: when a file is there already, nothing is written.`,
		Example: `  gatehouse init
  gatehouse init --dir my-gatehouse`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeStarter(cmd.OutOrStdout(), dir, time.Now())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "the folder to write to")
	return cmd
}
