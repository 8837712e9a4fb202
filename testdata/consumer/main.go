// Command consumer is somebody else's program: it uses each importable room
// of Gatehouse, and proves by being built that they can be used from outside.
package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

func main() {
	handler, verifier, err := api(http.NotFoundHandler())
	if err != nil {
		log.Fatal(err)
	}
	go verifier.Run(context.Background())
	log.Fatal(http.ListenAndServeTLS(":8443", "server.pem", "server.key", handler))
}

// api protects an API that partners call with bound tokens.
func api(next http.Handler) (http.Handler, *resource.Verifier, error) {
	replay, err := resource.MemoryReplay(time.Now(), 100_000)
	if err != nil {
		return nil, nil, err
	}
	verifier, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{URL: "https://as.example", Audience: "https://api.example", Algorithms: dpop.Algorithms()}},
		Replay:  replay,
		Now:     time.Now,
	})
	if err != nil {
		return nil, nil, err
	}
	scope, err := oauth.ParseDeclaredScope("accounts.read")
	if err != nil {
		return nil, nil, err
	}
	origin, err := resource.ParseOrigin("https://api.example")
	if err != nil {
		return nil, nil, err
	}
	return verifier.Protect(origin, resource.Requirement{Scope: scope}, next), verifier, nil
}

// call is the other side: it obtains a token and uses it.
func call(ctx context.Context, key crypto.Signer, url string) (*http.Response, error) {
	server, err := fapiclient.Discover(ctx, nil, "https://as.example")
	if err != nil {
		return nil, err
	}
	proofKey, err := dpop.GenerateKey()
	if err != nil {
		return nil, err
	}
	client, err := fapiclient.New(fapiclient.Config{
		Server: server, ClientID: "partner", Authentication: fapiclient.PrivateKeyJWT(key, ""),
		Binding: fapiclient.DPoP(proofKey), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	api := http.Client{Transport: client.Transport(fapiclient.TokenRequest{Scope: "accounts.read"})}
	return api.Get(url)
}

// who reads the certificate of a connection that package mtls is to judge.
func who(cs *tls.ConnectionState, bundle *mtls.Bundle) (string, error) {
	certificate, err := mtls.NewPeer(cs, func() *mtls.Bundle { return bundle }).Certificate(time.Now())
	if err != nil || !certificate.Present() {
		return "", fmt.Errorf("nobody: %w", err)
	}
	return certificate.SubjectDN(), nil
}

var _ = []any{call, who}
