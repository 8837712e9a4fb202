package resource_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"gatehouse.example/resource"
)

// An API behind the gateway believes the gateway's signed assertion, and
// nothing else that a request says about its caller.
func ExampleGatewayAssertions() {
	origin, err := resource.ParseOrigin("https://accounts.internal.bank.example")
	if err != nil {
		log.Fatal(err)
	}
	gateway, err := resource.GatewayAssertions(resource.GatewayConfig{
		Gateway:      "https://api.bank.example",
		JWKSURI:      "https://api.bank.example/.well-known/gatehouse/jwks.json",
		Algorithms:   []string{"ES256"},
		Audience:     "https://accounts.internal.bank.example",
		Origin:       origin,
		AllowPrivate: true,
		Now:          time.Now,
	})
	if err != nil {
		log.Fatal(err)
	}
	go gateway.Run(context.Background()) // fetches the gateway's keys, and keeps them fresh

	http.Handle("/accounts", gateway.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := resource.CallerFrom(r.Context())
		fmt.Fprintf(w, "hello, %s\n", caller.ClientID)
	})))
}

// A Go service can also judge access tokens itself, by the same decision as
// the gateway's.
func ExampleVerifier_Protect() {
	origin, err := resource.ParseOrigin("https://api.bank.example")
	if err != nil {
		log.Fatal(err)
	}
	proofs, err := resource.MemoryReplay(time.Now(), 1_000_000)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{
			URL:        "https://as.bank.example",
			Audience:   "https://api.bank.example",
			Algorithms: []string{"ES256"},
		}},
		Replay: proofs,
		Now:    time.Now,
	})
	if err != nil {
		log.Fatal(err)
	}
	go verifier.Run(context.Background())

	accounts := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		decision, _ := resource.DecisionFrom(r.Context())
		fmt.Fprintf(w, "hello, %s\n", decision.ClientID)
	})
	http.Handle("/accounts", verifier.Protect(origin, resource.Requirement{Scope: "accounts.read"}, accounts))
}
