package mtls

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxPresented bounds how many certificates of a peer are looked at: more
// than any honest chain, with room for a root and a cross-signed twin.
const maxPresented = 2 + 2*maxDepth

// verification is the state that the steps hand on.
type verification struct {
	bundle *Bundle
	chain  []*x509.Certificate   // as sent, leaf first
	now    time.Time             // the moment to judge at
	paths  [][]*x509.Certificate // chains to the bundle that are still good
}

type step struct {
	name string
	ids  string
	do   func(*verification) error
}

// steps is the judgement of a client's chain, in order (RFC 5280 §6,
// RFC 8446 §4.4.2.4).
var steps = []step{
	{"presented", "RS5", presented},
	{"signing leaf", "RS5", signingLeaf},
	{"path to the bundle", "RS5", buildPaths},
	{"depth", "RS5", shortPaths},
	{"key sizes", "RS5 C2", strongPaths},
}

// Verify judges a chain, leaf first, against the bundle: a path to one of its
// authorities that is valid now, for client authentication (extended key
// usage), with no more intermediates than allowed, no SHA-1 and no small key.
// The error is for the log. A nil bundle trusts nobody.
func (b *Bundle) Verify(chain []*x509.Certificate, now time.Time) error {
	_, _, err := b.window(chain, now)
	return err
}

// window verifies and tells for which span of time the answer holds: the
// widest that one of the good paths gives.
func (b *Bundle) window(chain []*x509.Certificate, now time.Time) (from, until time.Time, err error) {
	if b == nil {
		return from, until, errors.New("there is no trust bundle to verify the certificate against")
	}
	v := &verification{bundle: b, chain: chain, now: now}
	for _, s := range steps {
		if err := s.do(v); err != nil {
			return from, until, err
		}
	}
	for _, path := range v.paths {
		f, u := validity(path)
		if u.After(until) {
			from, until = f, u
		}
	}
	return from, until, nil
}

func validity(path []*x509.Certificate) (from, until time.Time) {
	from, until = path[0].NotBefore, path[0].NotAfter
	for _, c := range path[1:] {
		if c.NotBefore.After(from) {
			from = c.NotBefore
		}
		if c.NotAfter.Before(until) {
			until = c.NotAfter
		}
	}
	return from, until
}

func presented(v *verification) error {
	if len(v.chain) == 0 {
		return errors.New("the peer sent no certificate")
	}
	if len(v.chain) > maxPresented {
		return fmt.Errorf("the peer sent %d certificates, at most %d are looked at", len(v.chain), maxPresented)
	}
	return nil
}

// signingLeaf refuses a leaf whose key may not sign: in TLS 1.3 the client
// signs the handshake (RFC 8446 §4.4.2.2 asks the same of servers).
func signingLeaf(v *verification) error {
	leaf := v.chain[0]
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return errors.New("the certificate's key usage does not include digital signatures")
	}
	return nil
}

func buildPaths(v *verification) (err error) {
	intermediates := x509.NewCertPool()
	for _, c := range v.chain[1:] {
		intermediates.AddCert(c)
	}
	// crypto/x509 refuses SHA-1 and MD5 signatures by itself.
	v.paths, err = v.chain[0].Verify(x509.VerifyOptions{
		Roots:         v.bundle.pool,
		Intermediates: intermediates,
		CurrentTime:   v.now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

func shortPaths(v *verification) error {
	limit := v.bundle.maxIntermediates
	v.paths = slices.DeleteFunc(v.paths, func(p []*x509.Certificate) bool { return len(p)-2 > limit })
	if len(v.paths) == 0 {
		return fmt.Errorf("the chain has more than %d intermediate certificates", limit)
	}
	return nil
}

func strongPaths(v *verification) error {
	var weak error
	v.paths = slices.DeleteFunc(v.paths, func(p []*x509.Certificate) bool {
		for _, c := range p {
			if err := checkKey(c); err != nil {
				weak = err
				return true
			}
		}
		return false
	})
	if len(v.paths) == 0 {
		return weak
	}
	return nil
}

// checkKey refuses a key smaller than SP 5.4.1 allows (C2): RSA 2048 bits,
// elliptic curves 224 bits.
func checkKey(c *x509.Certificate) error {
	switch pub := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if pub.N.BitLen() < 2048 {
			return fmt.Errorf("the certificate of %s has an RSA key of %d bits, at least 2048 are needed", renderName(c.RawSubject), pub.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if pub.Curve.Params().BitSize < 224 {
			return fmt.Errorf("the certificate of %s has an elliptic-curve key smaller than 224 bits", renderName(c.RawSubject))
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("the certificate of %s has a key of a kind that is not known here", renderName(c.RawSubject))
	}
	return nil
}
