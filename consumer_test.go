package gatehouse_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// brought are the modules that come into a program which imports our rooms.
// The last two come with otel/trace.
var brought = []string{
	"consumer.example", module, "github.com/go-jose/go-jose/v4", "go.opentelemetry.io/otel/trace",
	"go.opentelemetry.io/otel", "github.com/cespare/xxhash/v2",
}

// TestConsumer builds testdata/consumer, a module of its own that uses every
// importable room, and looks at what the build drew in.
func TestConsumer(t *testing.T) {
	ownTree(t) // so that a cached result ends with any change of our files
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source := read(t, "testdata/consumer/main.go")
	put("main.go", source)
	put("go.mod", strings.Replace(read(t, "testdata/consumer/go.mod"), "../..", here, 1))
	put("go.sum", read(t, "go.sum"))
	for _, r := range plan {
		if r.importable && !strings.Contains(source, `"`+module+"/"+r.dir+`"`) {
			t.Errorf("testdata/consumer does not use %s", r.dir)
		}
	}

	run(t, dir, "build", "-mod=mod", "-o", filepath.Join(dir, "consumer"), ".")
	list := run(t, dir, "list", "-mod=mod", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	for m := range strings.FieldsSeq(list) {
		if !slices.Contains(brought, m) {
			t.Errorf("a program that imports our rooms gets %s with them", m)
		}
	}
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off")
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return string(out)
}
