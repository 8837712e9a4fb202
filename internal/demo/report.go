package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"charm.land/lipgloss/v2"
)

// report prints for a person at a terminal; lipgloss drops the colours where
// the output is none.
type report struct{ out io.Writer }

var (
	bold  = lipgloss.NewStyle().Bold(true)
	faint = lipgloss.NewStyle().Faint(true)
	good  = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	bad   = lipgloss.NewStyle().Foreground(lipgloss.Color("1")).Bold(true)
)

func (r report) line(format string, args ...any) {
	_, _ = lipgloss.Fprintf(r.out, format+"\n", args...)
}

func (r report) house(p *place, operations string, took time.Duration) {
	r.line("%s  started in %.1f s, in %s", bold.Render("Gatehouse demo"), took.Seconds(), p.shown())
	if p.fresh {
		r.line("  New keys, certificate authorities and clients were made there.")
	} else {
		r.line("  Keys, certificate authorities and clients are those of the last time.")
	}
	r.line("  %s", faint.Render("The sealing key lies beside the data it seals: this is a demo, not a deployment."))
	r.line("")
	r.line("%s", bold.Render("What runs where"))
	r.line("  authorization server   %s   profile %s", p.issuer(), p.config.AuthServer.Issuers[0].Profile.Name())
	r.line("    over mutual TLS      %s", p.config.AuthServer.Issuers[0].MTLSURL)
	r.line("  gateway, public        %s   tokens bound to a DPoP key", p.origin("public"))
	r.line("  gateway, partners      %s   a client certificate, or no connection", p.origin("partner"))
	r.line("  sample bank            %s   takes calls from the gateway only", p.bank())
	r.line("  operations             http://%s    /metrics /healthz /readyz", operations)
	r.line("")
	r.line("%s", bold.Render("Clients"))
	for _, c := range p.config.AuthServer.Issuers[0].Clients {
		r.line("  %-19s %-17s %s", c.ID, c.Auth, c.Scopes)
	}
	r.line("")
}

// play plays the scenes and tells whether each ended as it must.
func (r report) play(ctx context.Context, s *stage, scenes []scene) bool {
	r.line("%s", bold.Render("One call per layer"))
	right := true
	for i, scene := range scenes {
		got, err := scene.play(ctx, s)
		asStated := err == nil && got.status == scene.expect.status && got.code == scene.expect.code
		right = right && asStated
		r.scene(i+1, scene, got, err, asStated)
	}
	r.line("")
	return right
}

func (r report) scene(n int, s scene, got outcome, err error, asStated bool) {
	mark := good.Render("✓")
	if !asStated {
		mark = bad.Render("✗")
	}
	r.line("  %s %d  %s  %s", mark, n, s.title, faint.Render("("+s.layer+")"))
	switch {
	case err != nil:
		r.line("       %s %v; stated was: %s", bad.Render("failed:"), err, s.expect)
	case !asStated:
		r.line("       %s, but stated was: %s", bad.Render(got.String()), s.expect)
	case got.note != "":
		r.line("       %s: %s", got, got.note)
	default:
		r.line("       %s", got)
	}
}

func (r report) next(p *place) {
	dir := ""
	if p.shown() != DefaultDir {
		dir = fmt.Sprintf("--dir %s ", p.shown())
	}
	r.line("%s", bold.Render("Try next, in another terminal"))
	r.line("  gatehouse call %s--client %s %s/accounts", dir, clientDPoP, p.origin("public"))
	r.line("  gatehouse call %s--client %s --mtls %s/accounts", dir, clientMTLS, p.origin("partner"))
	r.line("  gatehouse call %s--client %s -v -X POST -d '{}' %s/payments", dir, clientDPoP, p.origin("public"))
	r.line("  %s", faint.Render("(gatehouse is go run ./cmd/gatehouse; decisions are written to "+p.shown()+"/audit.jsonl)"))
	r.line("")
	r.line("Up. Ctrl-C drains and stops.")
}

// DefaultDir is where the demo lives unless told otherwise.
const DefaultDir = "gatehouse-demo"
