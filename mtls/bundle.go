package mtls

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bundle is a set of certificate authorities whose client certificates are
// trusted, with the longest chain that is allowed. It does not change.
type Bundle struct {
	pool             *x509.CertPool
	maxIntermediates int
	digest           string
	lastExpiry       time.Time
}

// maxDepth bounds what a configuration may ask for.
const maxDepth = 8

// ParseBundle reads the PEM certificates of the trusted authorities. A chain
// may have at most maxIntermediates certificates between the client's and one
// of the bundle. An empty bundle, a certificate that is no authority's, a
// small key (C2) and any other PEM block are errors.
func ParseBundle(data []byte, maxIntermediates int) (*Bundle, error) {
	if maxIntermediates < 0 || maxIntermediates > maxDepth {
		return nil, fmt.Errorf("the number of intermediate certificates must be from 0 to %d, not %d", maxDepth, maxIntermediates)
	}
	roots, err := parseAuthorities(data)
	if err != nil {
		return nil, err
	}
	b := &Bundle{pool: x509.NewCertPool(), maxIntermediates: maxIntermediates}
	sums := make([][]byte, 0, len(roots))
	for _, c := range roots {
		b.pool.AddCert(c)
		sum := sha256.Sum256(c.Raw)
		sums = append(sums, sum[:])
		if c.NotAfter.After(b.lastExpiry) {
			b.lastExpiry = c.NotAfter
		}
	}
	slices.SortFunc(sums, bytes.Compare)
	sums = slices.CompactFunc(sums, bytes.Equal)
	total := sha256.Sum256(append(bytes.Join(sums, nil), byte(maxIntermediates)))
	b.digest = hex.EncodeToString(total[:])
	return b, nil
}

func parseAuthorities(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for n := 1; ; n++ {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("PEM block %d is %q; a bundle holds only CERTIFICATE blocks", n, block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the bundle cannot be read: %w", n, err)
		}
		if !c.BasicConstraintsValid || !c.IsCA {
			return nil, fmt.Errorf("certificate %d of the bundle (%s) is not a certificate authority's", n, renderName(c.RawSubject))
		}
		if err := checkKey(c); err != nil {
			return nil, fmt.Errorf("certificate %d of the bundle: %w", n, err)
		}
		out = append(out, c)
	}
	if len(bytes.TrimSpace(data)) > 0 {
		return nil, errors.New("the bundle has text after its last certificate that is not PEM")
	}
	if len(out) == 0 {
		return nil, errors.New("the bundle has no certificate in it")
	}
	return out, nil
}

// Digest names the bundle's content: two bundles of the same authorities and
// depth have the same digest.
func (b *Bundle) Digest() string { return b.digest }

// Pool returns the authorities, for the list that a server sends to clients.
// The caller must not change it.
func (b *Bundle) Pool() *x509.CertPool { return b.pool }

// LastExpiry is when the last authority of the bundle expires; after it the
// bundle trusts nobody.
func (b *Bundle) LastExpiry() time.Time { return b.lastExpiry }
