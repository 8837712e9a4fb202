package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	proxyCore = "0" // what is measured
	otherCore = "1" // upstream; the load generator moves freely, its cost is not counted
)

const upstreamConf = `daemon off; worker_processes 1; pid %[1]s/upstream.pid; error_log %[1]s/upstream.err;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  server {
    listen %[2]s ssl; ssl_protocols TLSv1.3; ssl_certificate %[1]s/server.pem; ssl_certificate_key %[1]s/server.key;
    keepalive_requests 100000000; keepalive_timeout 600s;
    location / { default_type application/json; return 200 '%[3]s'; }
  }
}
`

const proxyConf = `daemon off; worker_processes 1; pid %[1]s/proxy.pid; error_log %[1]s/proxy.err;
events { worker_connections 1024; }
http {
  access_log %[1]s/access.log; client_body_temp_path %[1]s/p1; proxy_temp_path %[1]s/p2; fastcgi_temp_path %[1]s/p3; uwsgi_temp_path %[1]s/p4; scgi_temp_path %[1]s/p5;
  upstream bank { server %[3]s; keepalive 64; keepalive_requests 100000000; }
  server {
    listen %[2]s ssl; ssl_protocols TLSv1.3; ssl_certificate %[1]s/server.pem; ssl_certificate_key %[1]s/server.key;
    keepalive_requests 100000000; keepalive_timeout 600s;
    location / {
      proxy_pass https://bank; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host localhost;
      proxy_ssl_protocols TLSv1.3; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate %[1]s/ca.pem;
    }
  }
}
`

const gatewayConf = `version: 1
scopes:
  accounts.read: {description: "See accounts"}
audit: {sink: "file:audit.jsonl"}
operations: {listen: "%[5]s"}
gateway:
  name: https://localhost:%[3]s
  assertion_key: file:assertion.key
  listeners:
    - {name: public, listen: "127.0.0.1:%[3]s", origin: "https://localhost:%[3]s", tls: {certificate: file:server.pem, key: file:server.key}, client_certificates: none}
    - {name: partner, listen: "127.0.0.1:%[4]s", origin: "https://localhost:%[4]s", tls: {certificate: file:server.pem, key: file:server.key}, client_certificates: {ca: file:ca.pem}}
  issuers:
    - {url: "%[1]s", ca: file:ca.pem, algorithms: [ES256], audience: "urn:bench:api", allow_private: true}
  upstreams:
    - {name: bank, url: "https://localhost:%[2]s", audience: "urn:bench:bank", ca: file:ca.pem}
  routes:
    - {path: "/accounts", methods: [GET], scope: accounts.read, upstream: bank}
    - {path: "/accounts/{id}", methods: [GET], scope: accounts.read, upstream: bank}
`

// accounts is the upstream's answer: a page of n accounts, some 3.6 kB for 15.
func accounts(n int) string {
	var page []string
	for i := range n {
		page = append(page, fmt.Sprintf(`{"id":"a-%d","iban":"DE0212030000000020%04d","currency":"EUR","owner":"Example Trading GmbH",`+
			`"product":"business current account","balance":{"amount":"%d.55","type":"available","at":"2026-11-22T08:00:00Z"},"status":"enabled"}`, i, i, i*100))
	}
	return `{"accounts":[` + strings.Join(page, ",") + `]}`
}

func (b *bed) startUpstream(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	b.bank = address
	_, err = b.startServer(ctx, otherCore, "upstream", fmt.Sprintf(upstreamConf, b.dir, address, accounts(15)), address)
	return err
}

func (b *bed) startNginx(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	b.plain = "https://localhost:" + port(address)
	// The worker, not the master, does the work.
	b.nginx, err = b.startServer(ctx, proxyCore, "proxy", fmt.Sprintf(proxyConf, b.dir, address, b.bank), address)
	return err
}

// startServer starts nginx and returns the pid of its one worker.
func (b *bed) startServer(ctx context.Context, core, name, conf, address string) (int, error) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return 0, fmt.Errorf("nginx is needed as the peer: apt-get install nginx-light")
		}
	}
	file := b.path(name + ".conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return 0, err
	}
	master, err := b.start(core, nginx, "-p", b.dir, "-c", file)
	if err != nil {
		return 0, err
	}
	if err := await(ctx, address); err != nil {
		return 0, err
	}
	return child(master)
}

func child(parent int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data))
	if len(fields) != 1 {
		return 0, fmt.Errorf("nginx has %d workers, not one", len(fields))
	}
	return strconv.Atoi(fields[0])
}

func (b *bed) startGateway(ctx context.Context) error {
	binary := b.path("gatehouse")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "gatehouse.example/cmd/gatehouse").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	var at [3]string
	for i := range at {
		var err error
		if at[i], err = freeAddress(); err != nil {
			return err
		}
	}
	b.publicAt, b.partnerAt, b.opsAt = "https://localhost:"+port(at[0]), "https://localhost:"+port(at[1]), at[2]
	conf := fmt.Sprintf(gatewayConf, b.issuer, port(b.bank), port(at[0]), port(at[1]), at[2])
	if err := os.WriteFile(b.path("gatehouse.yaml"), []byte(conf), 0o644); err != nil {
		return err
	}
	pid, err := b.start(proxyCore, binary, "serve", "--only", "gateway", "-c", b.path("gatehouse.yaml"))
	if err != nil {
		return err
	}
	b.gateway = pid
	if err := await(ctx, at[2]); err != nil {
		return fmt.Errorf("the gateway did not start, see %s: %w", filepath.Base(binary)+"-"+proxyCore+".log", err)
	}
	return b.awaitReady(ctx)
}

func (b *bed) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+b.opsAt+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s", body)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the gateway is not ready: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
