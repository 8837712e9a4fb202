package starter

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"gatehouse.example/internal/ca"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/signer"
	"gatehouse.example/oauth"
)

// How long the certificates live: long enough for a trial, and no longer than
// browsers and partners put up with.
const (
	authorityLife   = 3 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
)

// maker makes the content of every file, in memory.
type maker struct {
	r     Result
	o     Options
	files []file
}

func (m *maker) make() error {
	own, err := m.authority("Gatehouse starter CA", m.r.Own)
	if err != nil {
		return err
	}
	partners, err := m.authority("Gatehouse starter partner CA", m.r.Partner)
	if err != nil {
		return err
	}
	for _, pair := range []Pair{m.r.Server, m.r.Upstream} {
		err := m.certified(pair, func(pub crypto.PublicKey) ([]byte, error) {
			return own.IssueServer([]string{"localhost", "127.0.0.1", "::1"}, pub, certificateLife, m.o.Now)
		})
		if err != nil {
			return err
		}
	}
	sealing := make([]byte, 32)
	_, _ = rand.Read(sealing) // never returns an error; it ends the program instead
	m.private(m.r.SealingKey, []byte(base64.RawURLEncoding.EncodeToString(sealing)+"\n"))
	if _, err := m.key(m.r.assertionKey()); err != nil {
		return err
	}
	for i, c := range m.o.Clients {
		if err := m.client(c, m.r.Clients[i], partners); err != nil {
			return err
		}
	}
	return m.configuration()
}

func (m *maker) public(path string, data []byte) { m.files = append(m.files, file{path, data, false}) }
func (m *maker) private(path string, data []byte) {
	m.files = append(m.files, file{path, data, true})
}

// key makes an ES256 key and its file.
func (m *maker) key(path string) (crypto.Signer, error) {
	key, err := signer.GenerateES256()
	if err != nil {
		return nil, err
	}
	data, err := signer.EncodePEM(key)
	if err != nil {
		return nil, err
	}
	m.private(path, data)
	return key, nil
}

func (m *maker) authority(name string, at CA) (*ca.Authority, error) {
	a, err := ca.New(name, authorityLife, m.o.Now)
	if err != nil {
		return nil, err
	}
	key, err := a.KeyPEM()
	if err != nil {
		return nil, err
	}
	m.public(at.Certificate, a.CertificatePEM())
	m.private(at.Key, key)
	return a, nil
}

// certified makes a key and has its certificate issued.
func (m *maker) certified(pair Pair, issue func(crypto.PublicKey) ([]byte, error)) error {
	key, err := m.key(pair.Key)
	if err != nil {
		return err
	}
	cert, err := issue(key.Public())
	if err != nil {
		return err
	}
	m.public(pair.Certificate, cert)
	return nil
}

func (m *maker) client(c Client, at ClientFiles, partners *ca.Authority) error {
	err := m.certified(at.Certificate, func(pub crypto.PublicKey) ([]byte, error) {
		return partners.IssuePartner(subject(c), pub, certificateLife, m.o.Now)
	})
	if err != nil {
		return err
	}
	if c.Auth == oauth.AuthPrivateKeyJWT {
		if err := m.registeredKey(at); err != nil {
			return err
		}
	}
	data, err := callFile(m.r, m.o, c, at)
	if err != nil {
		return err
	}
	m.public(at.File, data)
	return nil
}

// registeredKey makes the key of a client's assertions and its public JWK Set.
func (m *maker) registeredKey(at ClientFiles) error {
	key, err := m.key(at.Key)
	if err != nil {
		return err
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		return err
	}
	set, err := json.MarshalIndent(jose.NewKeySet(s.Public()), "", "  ")
	if err != nil {
		return fmt.Errorf("the public key of %s cannot be written: %w", at.ID, err)
	}
	m.public(at.JWKS, append(set, '\n'))
	return nil
}

// subject is the name in a client's certificate.
func subject(c Client) pkix.Name {
	return pkix.Name{CommonName: c.ID, Organization: []string{c.Name}}
}
