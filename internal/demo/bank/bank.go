package bank

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says whom the bank believes. All of it is required.
type Config struct {
	// Protect lets only requests through that carry the gateway's assertion
	// about an identified caller.
	Protect func(http.Handler) http.Handler
	// ProtectPublic lets requests through that carry the gateway's assertion,
	// about whomever: the API's description is behind it.
	ProtectPublic func(http.Handler) http.Handler
	// Caller tells who calls, from the context that Protect made.
	Caller func(context.Context) (clientID, subject string, ok bool)
	// Consents are the customers that consented, by client id. Who is not in
	// it sees nothing.
	Consents map[string][]string
	// TokenURL is where clients get tokens, for the API's description.
	TokenURL string
	Now      func() time.Time
}

// bank is the API's state: one lock, for it is a sample.
type bank struct {
	caller   func(context.Context) (clientID, subject string, ok bool)
	consents map[string][]string
	now      func() time.Time

	mu       sync.Mutex
	accounts []*account
	payments map[string]*payment // by id
	requests map[string]request  // by client and Idempotency-Key
}

// New makes the API. Each call makes a bank of its own.
func New(cfg Config) (http.Handler, error) {
	if cfg.Protect == nil || cfg.ProtectPublic == nil || cfg.Caller == nil || cfg.Consents == nil || cfg.TokenURL == "" || cfg.Now == nil {
		return nil, errors.New("the sample bank needs every field of its Config")
	}
	accounts, err := seed()
	if err != nil {
		return nil, err
	}
	description, err := describe(cfg.TokenURL)
	if err != nil {
		return nil, err
	}
	b := &bank{
		caller: cfg.Caller, consents: cfg.Consents, now: cfg.Now, accounts: accounts,
		payments: map[string]*payment{}, requests: map[string]request{},
	}
	private := refusingInProblems(cfg.Protect, handler(b.serve))
	public := refusingInProblems(cfg.ProtectPublic, handler(func(w http.ResponseWriter, r *http.Request) error {
		return serveDescription(w, r, description)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() == "/openapi.json" {
			public.ServeHTTP(w, r)
			return
		}
		private.ServeHTTP(w, r)
	}), nil
}

// handler answers a problem with its document.
type handler func(http.ResponseWriter, *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	var p *problem
	if !errors.As(err, &p) {
		p = refuse(http.StatusInternalServerError, "")
	}
	writeProblem(w, p)
}

// client is who calls, and what it may see.
type client struct {
	id        string
	customers []string
}

func (c client) sees(a *account) bool { return slices.Contains(c.customers, a.customer) }

// serve knows every path but the description's. Identifiers are plain, so a
// path with an escape in it is nobody's.
func (b *bank) serve(w http.ResponseWriter, r *http.Request) error {
	id, _, ok := b.caller(r.Context())
	if !ok || id == "" {
		return refuse(http.StatusUnauthorized, "The gateway did not say who calls.")
	}
	c := client{id, b.consents[id]}
	part := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	switch {
	case len(part) == 1 && part[0] == "accounts":
		return only(r, "GET", func() error { return b.listAccounts(w, c) })
	case len(part) == 2 && part[0] == "accounts":
		return only(r, "GET", func() error { return b.showAccount(w, c, part[1]) })
	case len(part) == 3 && part[0] == "accounts" && part[2] == "transactions":
		return only(r, "GET", func() error { return b.listTransactions(w, r, c, part[1]) })
	case len(part) == 1 && part[0] == "payments":
		return only(r, "POST", func() error { return b.pay(w, r, c) })
	case len(part) == 2 && part[0] == "payments":
		return only(r, "GET", func() error { return b.showPayment(w, c, part[1]) })
	}
	return refuse(http.StatusNotFound, "Nothing is at this path. See /openapi.json.")
}

// only lets one method through; where that is GET, HEAD as well.
func only(r *http.Request, method string, next func() error) error {
	if r.Method == method || method == "GET" && r.Method == "HEAD" {
		return next()
	}
	p := refuse(http.StatusMethodNotAllowed, "")
	if p.allow = method; method == "GET" {
		p.allow = "GET, HEAD"
	}
	return p
}
