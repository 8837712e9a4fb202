package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

const day = 24 * time.Hour

// profile says what a kind of certificate may be used for, and for how long.
// It is made by mustProfile only, which refuses a senseless one.
type profile struct {
	name        string
	authority   bool
	keyUsage    x509.KeyUsage
	extKeyUsage []x509.ExtKeyUsage
	longest     time.Duration
}

var (
	rootProfile = mustProfile(profile{
		name: "root", authority: true,
		keyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		longest:  20 * 366 * day,
	})
	serverProfile = mustProfile(profile{
		name:        "server",
		keyUsage:    x509.KeyUsageDigitalSignature,
		extKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		longest:     398 * day, // what browsers accept at most
	})
	partnerProfile = mustProfile(profile{
		name:        "partner",
		keyUsage:    x509.KeyUsageDigitalSignature,
		extKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		longest:     398 * day,
	})
)

func mustProfile(p profile) profile {
	if err := p.check(); err != nil {
		panic("ca: " + err.Error())
	}
	return p
}

// check refuses a profile by which a certificate could do what it should not:
// an end entity that signs certificates, or one without a stated purpose
// (RFC 5280 §4.2.1.3, §4.2.1.12).
func (p profile) check() error {
	signs := p.keyUsage&x509.KeyUsageCertSign != 0
	switch {
	case p.name == "":
		return errors.New("a profile needs a name")
	case p.longest <= 0:
		return fmt.Errorf("profile %s needs a longest lifetime", p.name)
	case p.authority != signs:
		return fmt.Errorf("profile %s: an authority, and nobody else, signs certificates", p.name)
	case p.authority != (len(p.extKeyUsage) == 0):
		return fmt.Errorf("profile %s: an end entity needs an extended key usage, an authority has none", p.name)
	}
	return nil
}

// checkLifetime refuses a certificate that lives too long or not at all.
func (p profile) checkLifetime(lifetime time.Duration) error {
	if lifetime < time.Minute || lifetime > p.longest {
		return fmt.Errorf("the lifetime of a %s certificate must be from 1 minute to %d days, not %s", p.name, p.longest/day, lifetime)
	}
	return nil
}

// checkKey accepts keys that every part of Gatehouse can use (C2).
func checkKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize < 256 {
			return errors.New("the public key is on an elliptic curve smaller than P-256")
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("the public key is RSA of %d bits, at least 2048 are needed", k.N.BitLen())
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("the public key (%T) is not of type EC, RSA or Ed25519", pub)
	}
	return nil
}
