package fapiclient_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

// A partner's batch job: it proves itself with its registered key, binds its
// tokens to a fresh DPoP key, and calls the bank's API.
func Example() {
	partnerKey := newECKey() // in real life: the key whose public half the bank registered
	bank := newFake(partnerKey.Public(), time.Now)
	defer bank.close()
	httpClient := bank.network.client() // in real life: nil, or a client with your roots

	ctx := context.Background()
	server, err := fapiclient.Discover(ctx, httpClient, "https://as.example/bank")
	if err != nil {
		fmt.Println(err)
		return
	}
	proofKey, err := dpop.GenerateKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := fapiclient.New(fapiclient.Config{
		Server:         server,
		ClientID:       "partner-1",
		Authentication: fapiclient.PrivateKeyJWT(partnerKey, "k1"),
		Binding:        fapiclient.DPoP(proofKey),
		Now:            time.Now,
		HTTP:           httpClient,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The transport gets a token at the first call and renews it ahead of its end.
	api := &http.Client{Transport: client.Transport(fapiclient.TokenRequest{Scope: "accounts.read"})}
	for range 2 {
		resp, err := api.Get("https://api.example/accounts")
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 200 OK
	// 200 OK
}

// The same by hand: each exchange is sent, and then judged.
func ExampleClient_JudgeToken() {
	partnerKey := newECKey()
	bank := newFake(partnerKey.Public(), time.Now)
	defer bank.close()
	ctx := context.Background()

	found, err := fapiclient.SendDiscovery(ctx, bank.network.client(), issuer)
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := fapiclient.JudgeDiscovery(issuer, found)
	if err != nil {
		fmt.Println(err)
		return
	}
	proofKey, err := dpop.GenerateKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := fapiclient.New(fapiclient.Config{
		Server: server, ClientID: clientID, Authentication: fapiclient.PrivateKeyJWT(partnerKey, ""),
		Binding: fapiclient.DPoP(proofKey), Now: time.Now, HTTP: bank.network.client(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.SendClientCredentials(ctx, fapiclient.TokenRequest{Scope: "accounts.read"})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := client.JudgeToken(answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.Type(), token, token.Scope())
	// Output:
	// DPoP [redacted] accounts.read
}
