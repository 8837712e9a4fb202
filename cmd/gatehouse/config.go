package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse.example/internal/config"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check a configuration file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var file string
	var only []string
	check := &cobra.Command{
		Use:   "check",
		Short: "Explain every mistake in a configuration file",
		Long: `Reads a configuration file and the files it names as serve would, without
starting anything. Each mistake is one line: file, line and column, the key, the
value found, and what is allowed. Exit code 1 when there is any.`,
		Example: `  gatehouse config check -c gatehouse.yaml
  gatehouse config check -c gatehouse.yaml --only gateway`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			parts := config.Whole()
			if len(only) > 0 {
				var err error
				if parts, err = config.Only(only...); err != nil {
					return err
				}
			}
			c, problems := config.Load(file, parts)
			for _, p := range problems {
				fmt.Fprintln(cmd.ErrOrStderr(), p)
			}
			if len(problems) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "gatehouse: %s: %s\n", file, counted(len(problems), "mistake"))
				return errSilent
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: right%s\n", file, summary(c))
			for _, u := range c.Unsafe {
				fmt.Fprintf(cmd.OutOrStdout(), "  line %d: %s: %s\n", u.Line, u.Key, u.Reason)
			}
			return nil
		},
	}
	check.Flags().StringVarP(&file, "config", "c", "gatehouse.yaml", "the configuration file")
	check.Flags().StringSliceVar(&only, "only", nil, "check only these parts: authserver, gateway")
	cmd.AddCommand(check)
	return cmd
}

func summary(c *config.Config) string {
	s := ""
	if c.AuthServer != nil {
		clients := 0
		for _, is := range c.AuthServer.Issuers {
			clients += len(is.Clients)
		}
		s += fmt.Sprintf("; authserver: %s, %s", counted(len(c.AuthServer.Issuers), "issuer"), counted(clients, "client"))
	}
	if c.Gateway != nil {
		s += fmt.Sprintf("; gateway: %s, %s", counted(len(c.Gateway.Listeners), "listener"), counted(len(c.Gateway.Routes), "route"))
	}
	return s
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
