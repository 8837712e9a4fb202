package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"gatehouse.example/internal/config/starter"
)

func writeStarter(out io.Writer, dir string, now time.Time) error {
	r, err := starter.Write(dir, starter.Default(now))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Written:")
	for _, f := range r.Written {
		fmt.Fprintln(out, "  "+filepath.Join(dir, f))
	}
	fmt.Fprintf(out, `
Keep secret: %s (without it the data cannot be opened), and the keys under ca/.
The route's upstream is https://localhost:9445; put your API's address there.

Next:
`, r.SealingKey)
	for _, c := range r.Next() {
		fmt.Fprintln(out, "  "+c)
	}
	return nil
}
