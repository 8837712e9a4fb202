package mtlstest

import (
	"crypto/tls"
	"net"
	"testing"

	"gatehouse.example/mtls"
)

// Peer makes the peer of a connection on which clientCert was presented. The
// handshake itself judges nothing: that is left to Peer.Certificate, under
// trust. A clientCert without certificates makes a peer that sent none; a nil
// trust is a listener that admits any certificate.
func Peer(t testing.TB, clientCert tls.Certificate, trust *mtls.Bundle) *mtls.Peer {
	t.Helper()
	return mtls.NewPeer(Handshake(t, clientCert), func() *mtls.Bundle { return trust })
}

// Handshake runs a TLS handshake in memory, in which the client presents
// clientCert, and returns what the server saw.
func Handshake(t testing.TB, clientCert tls.Certificate) *tls.ConnectionState {
	t.Helper()
	authority := NewAuthority(t)
	serverEnd, clientEnd := net.Pipe()
	defer func() { _, _ = serverEnd.Close(), clientEnd.Close() }()
	server := tls.Server(serverEnd, &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{authority.Server(t, "server.test")},
		ClientAuth:             tls.RequestClientCert,
		SessionTicketsDisabled: true,
	})
	client := tls.Client(clientEnd, &tls.Config{
		MinVersion: tls.VersionTLS13,
		RootCAs:    authority.Pool(),
		ServerName: "server.test",
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &clientCert, nil
		},
	})
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	if err := server.Handshake(); err != nil {
		t.Fatalf("server's end of the test handshake: %v", err)
	}
	if err := <-done; err != nil {
		t.Fatalf("client's end of the test handshake: %v", err)
	}
	cs := server.ConnectionState()
	return &cs
}
