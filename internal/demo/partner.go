package demo

import (
	"context"
	"crypto"
	"crypto/tls"
	"net/http"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

// partner is a client of the bank, with what it needs to call.
type partner struct {
	api      *fapiclient.Client
	proofKey *dpop.Key    // nil for the partner by certificate
	plain    *http.Client // trusts the demo's CA, sends no certificate
}

// byKey is the partner that authenticates by private_key_jwt and binds its
// tokens to a DPoP key.
func byKey(ctx context.Context, plain *http.Client, issuer, id string, key crypto.Signer) (*partner, error) {
	server, err := fapiclient.Discover(ctx, plain, issuer)
	if err != nil {
		return nil, err
	}
	proofKey, err := dpop.GenerateKey()
	if err != nil {
		return nil, err
	}
	api, err := fapiclient.New(fapiclient.Config{
		Server: server, ClientID: id, Authentication: fapiclient.PrivateKeyJWT(key, ""),
		Binding: fapiclient.DPoP(proofKey), HTTP: plain, Now: time.Now,
	})
	return &partner{api: api, proofKey: proofKey, plain: plain}, err
}

// byCertificate is the partner that authenticates and binds by its certificate.
func byCertificate(ctx context.Context, plain *http.Client, issuer, id string, certificate tls.Certificate) (*partner, error) {
	server, err := fapiclient.Discover(ctx, plain, issuer)
	if err != nil {
		return nil, err
	}
	api, err := fapiclient.New(fapiclient.Config{
		Server: server, ClientID: id, Authentication: fapiclient.TLSClient(certificate),
		Binding: fapiclient.Certificate(certificate), HTTP: plain, Now: time.Now,
	})
	return &partner{api: api, plain: plain}, err
}

func (p *partner) token(ctx context.Context, scope, audience string) (*fapiclient.Token, error) {
	return p.api.ClientCredentials(ctx, fapiclient.TokenRequest{Scope: scope, Resource: []string{audience}})
}

func (p *partner) get(ctx context.Context, url string, token *fapiclient.Token) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, err
	}
	return p.api.Do(ctx, req, token)
}

// send sends bytes as they are, without what makes a call safe.
func (p *partner) send(ctx context.Context, method, url string, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range h {
		req.Header[name] = values
	}
	return p.plain.Do(req)
}
