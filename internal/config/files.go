package config

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/signer"
	"gatehouse.example/mtls"
)

// maxPublicFile bounds a certificate, a bundle or a key set, in bytes.
const maxPublicFile = 1 << 20

// openFiles reads and checks the files of the parts that run, and fills in
// what comes from them. Every file is read here; the secrets are only looked at.
func (d *decoder) openFiles(c *Config) {
	f := files{d: d, c: c}
	if s := c.AuthServer; s != nil {
		f.authServer(s)
	}
	if g := c.Gateway; g != nil {
		f.gateway(g)
	}
}

type files struct {
	d *decoder
	c *Config
}

// at is the place of a key, to report a problem with the file named there.
func (f files) at(format string, args ...any) value { return f.d.places[fmt.Sprintf(format, args...)] }

func (f files) authServer(s *AuthServer) {
	f.pair("authserver.tls", s.TLS)
	f.sealingKey(s)
	for n := range s.Issuers {
		i := &s.Issuers[n]
		i.ClientCA = f.bundle(f.at("authserver.issuers[%d].client_ca", n), i.ClientCAFile, maxIntermediates)
		for m := range i.Clients {
			f.keys(f.at("authserver.issuers[%d].clients[%d].jwks", n, m), &i.Clients[m])
		}
	}
}

// sealingKey looks at the sealing key's file without reading the key.
func (f files) sealingKey(s *AuthServer) {
	if kind := s.SealingKey.kind; kind != "file" && kind != "credential" {
		return
	}
	at := f.at("authserver.sealing_key")
	if err := s.SealingKey.checkFile(); err != nil {
		at.fail("%s", err)
		return
	}
	admitted := f.at("authserver.unsafe_sealing_key_in_data_folder").present()
	if !admitted && within(followed(s.SealingKey.Path()), followed(s.Data)) {
		at.fail("%s", keyInData)
	}
}

func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func (f files) gateway(g *Gateway) {
	f.privateKey(f.at("gateway.assertion_key"), g.AssertionKeyFile)
	for n := range g.Listeners {
		l := &g.Listeners[n]
		f.pair(fmt.Sprintf("gateway.listeners[%d].tls", n), l.TLS)
		l.Clients.Bundle = f.bundle(f.at("gateway.listeners[%d].client_certificates.ca", n), l.Clients.CAFile, l.Clients.MaxIntermediates)
	}
	for n := range g.Issuers {
		g.Issuers[n].Roots = f.roots(f.at("gateway.issuers[%d].ca", n), g.Issuers[n].CAFile)
	}
	for n := range g.Upstreams {
		g.Upstreams[n].Roots = f.roots(f.at("gateway.upstreams[%d].ca", n), g.Upstreams[n].CAFile)
	}
}

// public reads a file that holds no secret, nil after a problem.
func (f files) public(v value, path string) []byte {
	f.watch(path)
	data, err := readLimited(path, maxPublicFile)
	if err != nil {
		v.fail("%s: %s", strconv.Quote(path), err)
		return nil
	}
	return data
}

func (f files) privateKey(v value, path string) crypto.Signer {
	if path == "" { // only a credential has no path
		v.fail("%s", Reference{kind: "credential"}.checkFile())
		return nil
	}
	f.watch(path)
	key, err := signer.LoadPEM(path)
	if err != nil {
		v.fail("%s", err)
		return nil
	}
	return key
}

// pair checks that a listener's certificate and key belong together.
func (f files) pair(section string, t TLS) {
	data := f.public(f.at("%s.certificate", section), t.CertificateFile)
	key := f.privateKey(f.at("%s.key", section), t.KeyFile)
	if data == nil {
		return
	}
	leaf, err := firstCertificate(data)
	if err != nil {
		f.at("%s.certificate", section).fail("%s: %s", strconv.Quote(t.CertificateFile), err)
		return
	}
	if key == nil {
		return
	}
	if own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(leaf.PublicKey) {
		f.at("%s.key", section).fail("is not the key of the certificate beside it")
	}
}

func firstCertificate(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("does not begin with a PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func (f files) bundle(v value, path string, intermediates int) *mtls.Bundle {
	if path == "" {
		return nil
	}
	data := f.public(v, path)
	if data == nil {
		return nil
	}
	b, err := mtls.ParseBundle(data, intermediates)
	if err != nil {
		v.fail("%s: %s", strconv.Quote(path), err)
	}
	return b
}

func (f files) roots(v value, path string) *x509.CertPool {
	if path == "" {
		return nil
	}
	data := f.public(v, path)
	pool := x509.NewCertPool()
	if data != nil && !pool.AppendCertsFromPEM(data) {
		v.fail("%s: holds no PEM certificate", strconv.Quote(path))
	}
	return pool
}

// keys reads a client's public keys, of which one must fit its algorithm.
func (f files) keys(v value, c *Client) {
	if c.JWKSFile == "" {
		return
	}
	data := f.public(v, c.JWKSFile)
	if data == nil {
		return
	}
	set, err := jose.ParseKeySet(data)
	switch {
	case err != nil:
		v.fail("%s: %s", strconv.Quote(c.JWKSFile), err)
	case len(set.Candidates(jose.Header{Algorithm: c.SigningAlg})) == 0:
		v.fail("%s: holds no key for %s, this client's signing_alg", strconv.Quote(c.JWKSFile), c.SigningAlg)
	}
	c.Keys = set
}

// watch puts a file on the list of those to be watched, once.
func (f files) watch(path string) {
	if !slices.Contains(f.c.files, path) {
		f.c.files = append(f.c.files, path)
	}
}
