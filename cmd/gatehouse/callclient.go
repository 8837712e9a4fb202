package main

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse.example/internal/signer"
)

// clientKeys are the keys that a client file may have; the first two it must.
var clientKeys = []string{"issuer", "client_id", "key", "key_id", "certificate", "certificate_key", "ca", "scope", "audience"}

// maxClientFile bounds a client file, in bytes.
const maxClientFile = 64 << 10

// clientFile is what a client's program needs to call.
type clientFile struct {
	path   string
	values map[string]string // by the names of clientKeys
}

// readClientFile finds a client by name or path and reads its file, strictly:
// an unknown or repeated key, a second document, or anything that is no text
// is an error with its line.
func readClientFile(name, dir string) (*clientFile, error) {
	path, err := findClientFile(name, dir)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the client's file cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	return parseClientFile(path, io.LimitReader(f, maxClientFile))
}

func findClientFile(name, dir string) (string, error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return name, nil
	}
	places := []string{dir}
	if dir == "" {
		places = []string{".", "gatehouse-demo"}
		if home := os.Getenv("GATEHOUSE_HOME"); home != "" {
			places = append([]string{home}, places...)
		}
	}
	for i, place := range places {
		places[i] = filepath.Join(place, "clients", name+".yaml")
		if _, err := os.Stat(places[i]); !errors.Is(err, fs.ErrNotExist) {
			return places[i], nil
		}
	}
	return "", fmt.Errorf("there is no client %q: none of %s exists; name its file, or its folder by --dir", name, strings.Join(places, ", "))
}

func parseClientFile(path string, r io.Reader) (*clientFile, error) {
	c := &clientFile{path: path, values: map[string]string{}}
	decoder := yaml.NewDecoder(r)
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("%s is not YAML: %w", path, err)
	}
	if decoder.Decode(&second) != io.EOF {
		return nil, fmt.Errorf("%s has more than one YAML document", path)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s is not a list of 'key: value' lines", path)
	}
	pairs := document.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := c.set(pairs[i], pairs[i+1]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, pairs[i].Line, err)
		}
	}
	for _, required := range clientKeys[:2] {
		if c.values[required] == "" {
			return nil, fmt.Errorf("%s has no %s", path, required)
		}
	}
	if (c.values["certificate"] == "") != (c.values["certificate_key"] == "") {
		return nil, fmt.Errorf("%s has only one of certificate and certificate_key; they go together", path)
	}
	return c, nil
}

func (c *clientFile) set(key, value *yaml.Node) error {
	if !slices.Contains(clientKeys, key.Value) {
		return fmt.Errorf("unknown key %q; the keys are %s", key.Value, strings.Join(clientKeys, ", "))
	}
	if _, twice := c.values[key.Value]; twice {
		return fmt.Errorf("%s is there twice", key.Value)
	}
	if value.Kind != yaml.ScalarNode || value.Tag != "!!str" {
		return fmt.Errorf("%s must be text; put it in quotes", key.Value)
	}
	c.values[key.Value] = value.Value
	return nil
}

// at gives the path that a key names, relative to the client's file.
func (c *clientFile) at(key string) string {
	if p := c.values[key]; filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(c.path), c.values[key])
}

// roots are the authorities to trust; nil means the system's.
func (c *clientFile) roots() (*x509.CertPool, error) {
	if c.values["ca"] == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.at("ca"))
	if err != nil {
		return nil, fmt.Errorf("the ca of %s cannot be read: %w", c.path, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the ca of %s, %s, holds no certificate", c.path, c.at("ca"))
	}
	return roots, nil
}

// key is the key for private_key_jwt.
func (c *clientFile) key() (crypto.Signer, error) {
	if c.values["key"] == "" {
		hint := "add key"
		if c.values["certificate"] != "" {
			hint = "use --mtls to authenticate by its certificate"
		}
		return nil, fmt.Errorf("%s has no key for private_key_jwt; %s", c.path, hint)
	}
	return signer.LoadPEM(c.at("key"))
}

// certificate is the client certificate; nil when the file names none.
func (c *clientFile) certificate() (*tls.Certificate, error) {
	if c.values["certificate"] == "" {
		return nil, nil
	}
	if err := signer.CheckPrivateFile(c.at("certificate_key")); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(c.at("certificate"), c.at("certificate_key"))
	if err != nil {
		return nil, fmt.Errorf("the certificate of %s cannot be used: %w", c.path, err)
	}
	return &pair, nil
}
