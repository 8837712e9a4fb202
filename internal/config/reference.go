package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatehouse.example/internal/secret"
	"gatehouse.example/internal/signer"
)

// Reference says where a secret or a key is to be found; it never holds one.
// It prints as it stands in the file. The zero value refers to nothing.
type Reference struct {
	kind string // "file", "env", "fd" or "credential"
	name string // as written
	path string // absolute, of a file or a credential; "" otherwise
}

// maxSecret bounds a secret, in bytes.
const maxSecret = 64 << 10

// String gives the reference as it stands in the file, such as "env:NAME".
func (r Reference) String() string {
	if r.kind == "" {
		return "no reference"
	}
	return r.kind + ":" + r.name
}

// Path is the file of a file: or credential: reference, "" for the others.
func (r Reference) Path() string { return r.path }

// Resolve reads the secret. A file must not be readable by others; a final
// line break is not part of the secret. An empty secret is an error, as is a
// descriptor read before: it gives its secret once.
func (r Reference) Resolve() (secret.Text, error) {
	data, err := r.read()
	if err != nil {
		return secret.Text{}, fmt.Errorf("%s: %w", r, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return secret.Text{}, fmt.Errorf("%s: there is nothing in it; put the secret there", r)
	}
	return secret.NewText(text), nil
}

func (r Reference) read() ([]byte, error) {
	switch r.kind {
	case "file", "credential":
		if err := r.checkFile(); err != nil {
			return nil, err
		}
		return readLimited(r.path, maxSecret)
	case "env":
		text, ok := os.LookupEnv(r.name)
		if !ok {
			return nil, errors.New("this environment variable is not set")
		}
		return []byte(text), nil
	case "fd":
		return readDescriptor(r.name)
	}
	return nil, errors.New("nothing is referred to")
}

// checkFile refuses a secret's file that others may read.
func (r Reference) checkFile() error {
	if r.path == "" {
		return errors.New("systemd gave this service no credentials ($CREDENTIALS_DIRECTORY is not set); add LoadCredential= to its unit")
	}
	return signer.CheckPrivateFile(r.path)
}

// readDescriptor reads what another program passed on. It goes through
// /dev/fd, so that a wrong number cannot close a descriptor of our own.
func readDescriptor(number string) ([]byte, error) {
	f, err := os.Open("/dev/fd/" + number)
	if err != nil {
		return nil, errors.New("this descriptor is not open; start the program with it, as in 3<FILE")
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, errors.New("this descriptor cannot be read")
	}
	if len(data) > maxSecret {
		return nil, errors.New("is larger than a secret may be")
	}
	return data, nil
}

var (
	variableForm   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	descriptorForm = regexp.MustCompile(`^([3-9]|[1-9][0-9]{1,3})$`) // 0, 1 and 2 are the program's own
	credentialForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

// reference reads a reference of one of the kinds. Its text is never shown
// where the rule is private: somebody may have put the secret itself there.
func (v value) reference(kinds ...string) Reference {
	s := v.text()
	if s == "" {
		return Reference{}
	}
	kind, name, _ := strings.Cut(s, ":")
	switch {
	case slices.Contains(kinds, kind):
		return v.referenceTo(kind, name)
	case slices.Contains([]string{"env", "fd", "credential"}, kind):
		v.fail("%s: is not read here; expected %s", kind, v.rule.expects)
	case v.rule.private:
		v.fail("is not a reference (what was found is not shown); expected %s, never the secret itself", v.rule.expects)
	default:
		v.refuse("is not a reference to a file")
	}
	return Reference{}
}

func (v value) referenceTo(kind, name string) Reference {
	r := Reference{kind: kind, name: name}
	ok := true
	switch kind {
	case "file":
		ok = strings.TrimSpace(name) != ""
		r.path = v.d.absolute(name)
	case "env":
		ok = variableForm.MatchString(name)
	case "fd":
		ok = descriptorForm.MatchString(name)
	case "credential":
		ok = credentialForm.MatchString(name)
		if folder := os.Getenv("CREDENTIALS_DIRECTORY"); folder != "" {
			r.path = filepath.Join(folder, name)
		}
	}
	if !ok {
		v.fail("%s: is not followed by a good name (it is not shown); expected %s", kind, v.rule.expects)
		return Reference{}
	}
	return r
}

func (d *decoder) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(d.folder, path)
}
