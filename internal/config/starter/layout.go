package starter

import "path/filepath"

// Result says where things are. Paths are under Dir as it was given.
type Result struct {
	Dir     string
	Config  string // gatehouse.yaml
	Server  Pair   // for every listener on localhost
	Partner CA     // issued the clients' certificates
	Own     CA     // issued the servers' certificates
	// Upstream is a pair of its own for the API behind the gateway.
	Upstream   Pair
	SealingKey string
	Clients    []ClientFiles
	Written    []string // in the order of writing, relative to Dir

	call string // a URL to call
}

// Pair is a certificate and its private key.
type Pair struct{ Certificate, Key string }

// CA is an authority's certificate, for those who trust it, and its key.
type CA struct{ Certificate, Key string }

// ClientFiles are one client's files.
type ClientFiles struct {
	ID          string
	File        string // what gatehouse call reads
	Key         string // for private_key_jwt
	JWKS        string // its public half, as registered
	Certificate Pair
}

// Layout says where [Write] puts things, without writing any.
func Layout(dir string, o Options) Result {
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	r := Result{
		Dir:        dir,
		Config:     at("gatehouse.yaml"),
		Server:     Pair{at("tls", "server.pem"), at("tls", "server.key")},
		Upstream:   Pair{at("tls", "upstream.pem"), at("tls", "upstream.key")},
		Own:        CA{at("tls", "ca.pem"), at("ca", "ca.key")},
		Partner:    CA{at("tls", "partner-ca.pem"), at("ca", "partner-ca.key")},
		SealingKey: at("secrets", "sealing.key"),
	}
	if len(o.Routes) > 0 {
		r.call = URL(o.Ports.Public) + o.Routes[0].Path
	}
	if o.SealingKeyInData != "" {
		r.SealingKey = at("data", "sealing.key")
	}
	for _, c := range o.Clients {
		r.Clients = append(r.Clients, ClientFiles{
			ID:          c.ID,
			File:        at("clients", c.ID+".yaml"),
			Key:         at("clients", c.ID+".key"),
			JWKS:        at("clients", c.ID+".jwks.json"),
			Certificate: Pair{at("clients", c.ID+".pem"), at("clients", c.ID+".tls.key")},
		})
	}
	return r
}

func (r Result) assertionKey() string {
	return filepath.Join(r.Dir, "secrets", "gateway-assertion.key")
}

// relative gives a path as the configuration writes it.
func (r Result) relative(path string) string {
	rel, err := filepath.Rel(r.Dir, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// Next are the commands to go on with, for the folder's owner.
func (r Result) Next() []string {
	next := []string{
		"gatehouse config check -c " + r.Config,
		"gatehouse serve -c " + r.Config,
	}
	for _, c := range r.Clients[:min(1, len(r.Clients))] {
		next = append(next, "gatehouse call --client "+c.File+" "+r.call)
	}
	return next
}
