package starter

import (
	"fmt"
	"time"

	"gatehouse.example/oauth"
)

// Options is what the starter is made for. Everything runs on localhost.
type Options struct {
	Now       time.Time // when the certificates begin
	Ports     Ports
	Scopes    []Scope
	APIs      []API
	Clients   []Client
	Routes    []Route
	AuditSink string // "stdout" or "file:PATH"
	// SealingKeyInData, if not empty, is the reason why the sealing key lies
	// in the data folder, where it protects nothing from who copies that.
	SealingKeyInData string
}

// Ports are those of localhost, one for each listener.
type Ports struct {
	AuthServer, MTLS, Public, Partner, Upstream, Operations int
}

// Scope is one scope to declare.
type Scope struct {
	Name, Description string
	HighValue         bool
}

// API is one audience of the issuer's tokens, with the scopes it offers. The
// first API is the one behind the gateway.
type API struct {
	Audience string
	Scopes   []string
}

// Client is one client to register, with keys and a certificate made for it.
// By tls_client_auth it is known by its certificate's subject.
type Client struct {
	ID, Name  string
	Auth      string // oauth.AuthPrivateKeyJWT or oauth.AuthTLSClient
	Scopes    []string
	Audiences []string
	Binding   string // dpop, mtls or either
}

// Route is one route to the upstream: with a scope, or with the reason for none.
type Route struct {
	Path         string
	Methods      []string
	Scope        string
	UnsafePublic string
}

// URL is the address of a port.
func URL(port int) string { return fmt.Sprintf("https://localhost:%d", port) }

// Default is what gatehouse init writes.
func Default(now time.Time) Options {
	ports := Ports{AuthServer: 9441, MTLS: 9442, Public: 9443, Partner: 9444, Upstream: 9445, Operations: 9440}
	api := URL(ports.Public)
	return Options{
		Now:   now,
		Ports: ports,
		Scopes: []Scope{
			{Name: "accounts.read", Description: "See accounts and their balances"},
			{Name: "transactions.read", Description: "See the transactions of an account"},
			{Name: "payments.write", Description: "Make payments", HighValue: true},
		},
		APIs: []API{{Audience: api, Scopes: []string{"accounts.read", "transactions.read", "payments.write"}}},
		Clients: []Client{{
			ID: "first-partner", Name: "First partner", Auth: oauth.AuthPrivateKeyJWT,
			Scopes: []string{"accounts.read", "transactions.read"}, Audiences: []string{api}, Binding: "either",
		}},
		Routes: []Route{
			{Path: "/accounts", Methods: []string{"GET"}, Scope: "accounts.read"},
			{Path: "/accounts/{id}", Methods: []string{"GET"}, Scope: "accounts.read"},
			{Path: "/accounts/{id}/transactions", Methods: []string{"GET"}, Scope: "transactions.read"},
			{Path: "/payments", Methods: []string{"POST"}, Scope: "payments.write"},
			{Path: "/openapi.json", Methods: []string{"GET"}, UnsafePublic: "the description of the API is public"},
		},
		AuditSink: "file:audit.jsonl",
	}
}
