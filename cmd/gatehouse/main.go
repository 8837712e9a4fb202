// Command gatehouse runs and uses Gatehouse. This package holds flags and
// printing only; what it does is in internal/serve, internal/config,
// internal/demo and fapiclient.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// errSilent ends the program with exit code 1 when everything has been said.
var errSilent = errors.New("")

// run is the whole program: 0 when it did what was asked, 1 when it could not,
// with one line that says why and what to do.
func run(args []string, stdout, stderr io.Writer) int {
	// The first Ctrl-C drains; a second one, the default again, ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(stderr, "gatehouse:", err)
	}
	return 1
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "Guard a financial-grade API: FAPI 2.0 tokens, mutual TLS and a gateway that fails closed",
		Long: `Gatehouse composes every layer of a financial-grade API's security in one
program: TLS 1.3, mutual TLS for partners, a strict FAPI 2.0 authorization
server, and a gateway that validates every token and fails closed.

New here? Start with:

  gatehouse demo          everything on loopback, with a sample bank behind it
  gatehouse init          a commented configuration of your own
  gatehouse call --help   curl for FAPI`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// A word that is no command is a mistake, not a reason to print help.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(demoCommand(), initCommand(), serveCommand(), configCommand(), callCommand())
	return root
}
