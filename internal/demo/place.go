package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse.example/internal/config"
	"gatehouse.example/internal/config/starter"
	"gatehouse.example/oauth"
)

// The clients that the demo makes.
const (
	clientDPoP    = "demo-partner"
	clientMTLS    = "demo-partner-mtls"
	clientReports = "demo-reports"
)

const reportsAudience = "https://reports.bank.example"

// place is a folder that holds a demo: made on the first start, and found
// again on the next, with the same keys, clients and ports.
type place struct {
	dir    string
	files  starter.Result
	config *config.Config
	fresh  bool
}

// prepare makes or finds the demo in dir. port is the first of six; 0 takes
// free ones.
func prepare(dir string, port int, now time.Time) (*place, error) {
	p := &place{dir: dir}
	o := options(dir, now)
	p.files = starter.Layout(dir, o)
	switch _, err := os.Stat(p.files.Config); {
	case errors.Is(err, fs.ErrNotExist):
		if o.Ports, err = ports(port); err != nil {
			return nil, err
		}
		if p.files, err = starter.Write(dir, o); err != nil {
			return nil, err
		}
		p.fresh = true
	case err != nil:
		return nil, err
	}
	c, problems := config.Load(p.files.Config, config.Whole())
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("%w\n%s holds no demo that can be started; choose another folder with --dir", err, dir)
	}
	if !isDemo(c) {
		return nil, fmt.Errorf("%s is not a demo's configuration; choose another folder with --dir", p.files.Config)
	}
	p.config = c
	return p, p.portsAreFree()
}

// isDemo tells a demo's configuration from one that somebody made for
// something else, such as that of gatehouse init.
func isDemo(c *config.Config) bool {
	if c.AuthServer == nil || c.Gateway == nil || len(c.Gateway.Upstreams) != 1 || len(c.AuthServer.Issuers) != 1 {
		return false
	}
	var ids []string
	for _, client := range c.AuthServer.Issuers[0].Clients {
		ids = append(ids, client.ID)
	}
	return slices.Contains(ids, clientDPoP) && slices.Contains(ids, clientMTLS) && slices.Contains(ids, clientReports)
}

// portsAreFree says what to do when they are not: a demo keeps the ports of
// its first start.
func (p *place) portsAreFree() error {
	c := p.config
	addresses := []string{c.Operations.Listen, c.AuthServer.Listen, c.AuthServer.MTLSListen, listenAddress(p.bank())}
	for _, l := range c.Gateway.Listeners {
		addresses = append(addresses, l.Listen)
	}
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("the demo in %s cannot listen on %s; stop what uses it (this demo, in another terminal?), or make another: --dir ANOTHER-FOLDER --port 0", p.shown(), address)
		}
		_ = l.Close()
	}
	return nil
}

// ports takes six ports from first on, or any six that are free. Nothing is
// made on ports that something else uses: the demo would keep them.
func ports(first int) (starter.Ports, error) {
	var n [6]int
	if first < 0 || first+len(n)-1 > 65535 {
		return starter.Ports{}, fmt.Errorf("--port %d leaves no room for six ports below 65536", first)
	}
	for i := range n {
		port := first
		if first != 0 {
			port += i
		}
		// All stay open until the last is found, so that no two are alike.
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return starter.Ports{}, fmt.Errorf("the demo cannot listen on port %d of localhost; stop what uses it, or choose the first of six other ports with --port N, or any that are free with --port 0", port)
		}
		defer l.Close()
		n[i] = l.Addr().(*net.TCPAddr).Port
	}
	return starter.Ports{Operations: n[0], AuthServer: n[1], MTLS: n[2], Public: n[3], Partner: n[4], Upstream: n[5]}, nil
}

func options(dir string, now time.Time) starter.Options {
	const api = "https://api.bank.example"
	return starter.Options{
		Now: now,
		Scopes: []starter.Scope{
			{Name: "accounts.read", Description: "See accounts and their balances"},
			{Name: "transactions.read", Description: "See the transactions of an account"},
			{Name: "payments.read", Description: "See payments that were made"},
			{Name: "payments.write", Description: "Make payments", HighValue: true},
			{Name: "reports.read", Description: "See reports of the bank"},
		},
		APIs: []starter.API{
			{Audience: api, Scopes: []string{"accounts.read", "transactions.read", "payments.read", "payments.write"}},
			{Audience: reportsAudience, Scopes: []string{"reports.read"}},
		},
		Clients: []starter.Client{
			{ID: clientDPoP, Name: "Demo partner, by key", Auth: oauth.AuthPrivateKeyJWT, Binding: "dpop",
				Scopes: []string{"accounts.read", "transactions.read"}, Audiences: []string{api}},
			{ID: clientMTLS, Name: "Demo partner, by certificate", Auth: oauth.AuthTLSClient, Binding: "mtls",
				Scopes: []string{"accounts.read", "payments.read", "payments.write"}, Audiences: []string{api}},
			{ID: clientReports, Name: "Demo partner of another API", Auth: oauth.AuthPrivateKeyJWT, Binding: "dpop",
				Scopes: []string{"reports.read"}, Audiences: []string{reportsAudience}},
		},
		Routes: []starter.Route{
			{Path: "/accounts", Methods: []string{"GET"}, Scope: "accounts.read"},
			{Path: "/accounts/{id}", Methods: []string{"GET"}, Scope: "accounts.read"},
			{Path: "/accounts/{id}/transactions", Methods: []string{"GET"}, Scope: "transactions.read"},
			{Path: "/payments", Methods: []string{"POST"}, Scope: "payments.write"},
			{Path: "/payments/{id}", Methods: []string{"GET"}, Scope: "payments.read"},
			{Path: "/openapi.json", Methods: []string{"GET"}, UnsafePublic: "the description of the API is public"},
		},
		AuditSink:        "file:audit.jsonl",
		SealingKeyInData: "this is the demo: everything lies in one folder",
	}
}

// client finds one client's files.
func (p *place) client(id string) starter.ClientFiles {
	for _, c := range p.files.Clients {
		if c.ID == id {
			return c
		}
	}
	panic("demo: no client " + id)
}

func (p *place) issuer() string   { return p.config.AuthServer.Issuers[0].URL }
func (p *place) bank() string     { return p.config.Gateway.Upstreams[0].URL }
func (p *place) audience() string { return p.config.Gateway.Issuers[0].Audience }

// origin is the address of a gateway listener.
func (p *place) origin(name string) string {
	for _, l := range p.config.Gateway.Listeners {
		if l.Name == name {
			return l.Origin
		}
	}
	return ""
}

// listenAddress turns an origin on localhost into an address to listen on.
func listenAddress(origin string) string {
	return "127.0.0.1" + origin[strings.LastIndexByte(origin, ':'):]
}

// shown is the folder as a person would type it.
func (p *place) shown() string {
	wd, err := os.Getwd()
	if err != nil {
		return p.dir
	}
	if rel, err := filepath.Rel(wd, p.dir); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return p.dir
}
