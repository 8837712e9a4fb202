package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const theSecret = "hunter2-hunter2-hunter2"

func sealingKey(t *testing.T, reference string) Reference {
	t.Helper()
	text := edited(t, "sealing_key: file:secrets/sealing.key", "sealing_key: "+strconv.Quote(reference))
	return parsed(t, text, Whole()).AuthServer.SealingKey
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestReference_Resolve(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Setenv("GATEHOUSE_TEST_SECRET", theSecret)
	writeFile(t, filepath.Join(dir, "sealing.key"), theSecret+"\r\n", 0o600)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fmt.Fprintln(w, theSecret)
	w.Close()
	for _, reference := range []string{
		"file:" + filepath.Join(dir, "sealing.key"),
		"credential:sealing.key",
		"env:GATEHOUSE_TEST_SECRET",
		fmt.Sprintf("fd:%d", r.Fd()),
	} {
		ref := sealingKey(t, reference)
		got, err := ref.Resolve()
		if err != nil || got.Reveal() != theSecret {
			t.Errorf("%s: %v", reference, err)
		}
		if ref.String() != reference || strings.Contains(fmt.Sprintf("%+v %#v", ref, ref), theSecret) {
			t.Errorf("%s prints as %+v", reference, ref)
		}
	}
}

func TestReference_Refusals(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	t.Setenv("GATEHOUSE_TEST_EMPTY", "")
	empty := writeFile(t, filepath.Join(dir, "empty"), "\n", 0o600)
	open := writeFile(t, filepath.Join(dir, "open"), theSecret, 0o644)
	large := writeFile(t, filepath.Join(dir, "large"), strings.Repeat("x", maxSecret+1), 0o600)
	for _, c := range []struct{ reference, want string }{
		{"file:" + empty, "there is nothing in it; put the secret there"},
		{"file:" + open, "is open to others (mode 0644); run: chmod 600 " + open},
		{"file:" + large, "is larger than a file of this kind may be"},
		{"file:" + dir, "is not a regular file"},
		{"file:" + dir + "/none", "does not exist"},
		{"env:GATEHOUSE_TEST_UNSET", "env:GATEHOUSE_TEST_UNSET: this environment variable is not set"},
		{"env:GATEHOUSE_TEST_EMPTY", "there is nothing in it; put the secret there"},
		{"fd:999", "fd:999: this descriptor is not open; start the program with it, as in 3<FILE"},
		{"credential:sealing.key", "systemd gave this service no credentials"},
	} {
		got, err := sealingKey(t, c.reference).Resolve()
		if err == nil || !strings.Contains(err.Error(), c.want) || !got.Empty() {
			t.Errorf("%s: got %v, want %s", c.reference, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), theSecret) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: the message shows too much: %v", c.reference, err)
		}
	}
	if _, err := (Reference{}).Resolve(); err == nil {
		t.Error("a reference to nothing gave a secret")
	}
}
