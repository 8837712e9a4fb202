package ca

import "crypto/x509"

// CheckProfile judges a profile of the given settings.
func CheckProfile(name string, authority bool, usage x509.KeyUsage, purposes []x509.ExtKeyUsage) error {
	return profile{name: name, authority: authority, keyUsage: usage, extKeyUsage: purposes, longest: day}.check()
}
