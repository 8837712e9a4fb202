package main

import (
	"bufio"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/signer"
)

// TestMain lets this test binary be the gatehouse program: testscript puts a
// link named gatehouse on the PATH, and under that name it runs main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatehouse": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/scripts", RequireExplicitExec: true})
}

// process is a running gatehouse.
type process struct {
	cmd    *exec.Cmd
	mu     sync.Mutex
	output strings.Builder
	lines  chan string
	ended  chan struct{}
	err    error
}

// start runs the real program and kills it, if need be, when the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("gatehouse", args...), lines: make(chan string, 10_000), ended: make(chan struct{})}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			p.mu.Lock()
			p.output.WriteString(scanner.Text() + "\n")
			p.mu.Unlock()
			p.lines <- scanner.Text()
		}
	}()
	go func() {
		p.err = p.cmd.Wait()
		<-read
		_ = reader.Close()
		close(p.ended)
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

// said is everything that the program printed so far.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// await waits for a line that holds text.
func (p *process) await(t *testing.T, text string) {
	t.Helper()
	limit := time.After(60 * time.Second)
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				t.Fatalf("the program ended without saying %q:\n%s", text, p.said())
			}
			if strings.Contains(line, text) {
				return
			}
		case <-limit:
			t.Fatalf("the program did not say %q:\n%s", text, p.said())
		}
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop is SIGTERM; the program must drain and end by itself, without an error.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
		if p.err != nil {
			t.Fatalf("the program ended by %v:\n%s", p.err, p.said())
		}
	case <-time.After(40 * time.Second):
		t.Fatalf("the program did not end:\n%s", p.said())
	}
}

// deployment is a demo on ports of its own.
type deployment struct {
	dir string
	*process
	*config.Config
}

func startDemo(t *testing.T) *deployment {
	t.Helper()
	return resumeDemo(t, filepath.Join(t.TempDir(), "demo"))
}

// resumeDemo starts the demo in a folder in which one may have run before.
func resumeDemo(t *testing.T, dir string) *deployment {
	t.Helper()
	d := &deployment{dir: dir, process: start(t, "demo", "--port", "0", "--dir", dir)}
	d.await(t, "Ctrl-C")
	var problems config.Problems
	if d.Config, problems = config.Load(d.path("gatehouse.yaml"), config.Whole()); len(problems) > 0 {
		t.Fatal(problems)
	}
	return d
}

func (d *deployment) path(name string) string { return filepath.Join(d.dir, name) }
func (d *deployment) issuer() string          { return d.AuthServer.Issuers[0].URL }
func (d *deployment) audience() string        { return d.Gateway.Issuers[0].Audience }

// origin of a gateway listener by its name.
func (d *deployment) origin(t *testing.T, listener string) string {
	t.Helper()
	for _, l := range d.Gateway.Listeners {
		if l.Name == listener {
			return l.Origin
		}
	}
	t.Fatalf("no listener %q", listener)
	return ""
}

// call runs `gatehouse call` for a client of the deployment.
func (d *deployment) call(args ...string) (stdout, stderr string, code int) {
	return gatehouse(append([]string{"call", "--dir", d.dir}, args...)...)
}

// gatehouse runs the program to its end.
func gatehouse(args ...string) (stdout, stderr string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gatehouse", args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// client is an HTTP client that trusts the deployment's CA.
func (d *deployment) client(t *testing.T, certificates ...tls.Certificate) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(d.path("tls/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer reads a response whole.
func answer(t *testing.T, res *http.Response, err error) (*http.Response, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// audited returns the records of the deployment's audit log so far.
func (d *deployment) audited(t *testing.T) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(d.Audit.File)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for line := range strings.Lines(string(data)) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("audit line is not JSON: %v: %s", err, line)
		}
		out = append(out, record)
	}
	return out
}

// privateKey is a client's own key for its assertions.
func (d *deployment) privateKey(t *testing.T, client string) crypto.Signer {
	t.Helper()
	key, err := signer.LoadPEM(d.path("clients/" + client + ".key"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
