package gateway_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/audit"
	"gatehouse.example/internal/gateway"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/resource"
)

const (
	issuer      = "https://as.example"
	gatewayName = "https://gateway.example"
	apiAudience = "https://api.example"
)

var (
	now       = time.Unix(1_800_000_000, 0)
	origin, _ = resource.ParseOrigin("https://api.example")
)

// world is what all tests share: making it costs handshakes and servers.
type world struct {
	ca          *mtlstest.Authority
	certificate tls.Certificate // the partner's
	thumb       string
	partner     *mtls.Peer // on a listener that verified it
	issuerKey   *jose.Signer
	assertKey   *jose.Signer
	key         *dpop.Key
	jwks        *httptest.Server
}

var (
	worldOnce sync.Once
	theWorld  world
)

func newSigner(t testing.TB) *jose.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func getWorld(t testing.TB) *world {
	t.Helper()
	worldOnce.Do(func() {
		w := world{ca: mtlstest.NewAuthority(t), issuerKey: newSigner(t), assertKey: newSigner(t)}
		w.certificate = w.ca.Client(t, "partner")
		presented, err := mtlstest.Peer(t, w.certificate, nil).Certificate(now)
		if err != nil {
			t.Fatal(err)
		}
		w.thumb = presented.Thumbprint()
		w.partner = mtlstest.Peer(t, w.certificate, w.ca.Bundle(t))
		if w.key, err = dpop.GenerateKey(); err != nil {
			t.Fatal(err)
		}
		keys, err := jose.NewKeySet(w.issuerKey.Public()).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		w.jwks = tlsServer(t, w.ca, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(keys) }))
		theWorld = w
	})
	return &theWorld
}

// tlsServer lives as long as the test program, unless its test closes it.
func tlsServer(t testing.TB, ca *mtlstest.Authority, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Server(t, "127.0.0.1")}}
	s.StartTLS()
	return s
}

// bed is a gateway in front of an upstream that records what reaches it.
type bed struct {
	*world
	t        testing.TB
	gateway  *gateway.Gateway
	verifier *resource.Verifier
	handler  http.Handler // of the public listener
	upstream *httptest.Server
	audit    *audit.Log
	auditAt  string
	metrics  *prometheus.Registry
	logged   *bytes.Buffer

	mu       sync.Mutex
	received []*http.Request
	bodies   []string
	answer   http.HandlerFunc // the upstream's; nil answers 200
}

func newBed(t testing.TB, edit ...func(*gateway.Config)) *bed {
	t.Helper()
	b := &bed{world: getWorld(t), t: t, metrics: prometheus.NewRegistry(), logged: new(bytes.Buffer)}
	b.upstream = tlsServer(t, b.ca, b)
	t.Cleanup(b.upstream.Close)
	b.openAudit()
	b.verifier = b.newVerifier()
	cfg := b.config()
	for _, e := range edit {
		e(&cfg)
	}
	g, err := gateway.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	b.gateway = g
	b.handler = g.Handler(gateway.Listener{Name: "public", Origin: origin})
	return b
}

// config is a good configuration.
func (b *bed) config() gateway.Config {
	return gateway.Config{
		Name: gatewayName,
		Routes: []gateway.Route{
			{Path: "/accounts", Methods: []string{"GET"}, Scope: "accounts.read", Upstream: "bank", OnAuditFailure: gateway.ContinueUnrecorded},
			{Path: "/accounts/{id}", Methods: []string{"GET"}, Scope: "accounts.read", Upstream: "bank"},
			{Path: "/payments", Methods: []string{"POST"}, Scope: "payments.write", Upstream: "bank"},
			{Path: "/openapi.json", Methods: []string{"GET"}, UnsafePublic: "the API description is public", Upstream: "bank"},
		},
		Upstreams: []gateway.Upstream{{
			Name: "bank", URL: b.upstream.URL, Audience: "https://bank.example", Roots: b.ca.Pool(), Timeout: 10 * time.Second, MaxBody: 1 << 20,
		}},
		Verifier: b.verifier, AssertionSigner: b.assertKey, Audit: b.audit,
		Clock: func() time.Time { return now }, Metrics: b.metrics, Logger: slog.New(slog.NewTextHandler(b.logged, nil)),
	}
}

func (b *bed) openAudit() {
	b.auditAt = filepath.Join(b.t.TempDir(), "audit.jsonl")
	var err error
	if b.audit, err = audit.Open(audit.File(b.auditAt), audit.Options{}); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.audit.Close(context.Background()) })
}

func (b *bed) newVerifier() *resource.Verifier {
	replay, err := resource.MemoryReplay(now.Add(-time.Hour), 1_000_000)
	if err != nil {
		b.t.Fatal(err)
	}
	v, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{
			URL: issuer, Audience: apiAudience, Algorithms: []string{"ES256"}, JWKSURI: b.jwks.URL, Roots: b.ca.Pool(), AllowPrivate: true,
		}},
		Replay: replay, Now: func() time.Time { return now },
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// ServeHTTP is the upstream.
func (b *bed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.received = append(b.received, r)
	b.bodies = append(b.bodies, string(body))
	b.mu.Unlock()
	_, _ = io.WriteString(w, "upstream")
}

func (b *bed) reached() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.received)
}

// last is the last request that reached the upstream.
func (b *bed) last() *http.Request {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.received) == 0 {
		b.t.Fatal("nothing reached the upstream")
	}
	return b.received[len(b.received)-1]
}

func (b *bed) claims(edit ...func(map[string]any)) map[string]any {
	c := map[string]any{
		"iss": issuer, "sub": "partner", "aud": apiAudience, "client_id": "partner", "jti": "token-1", "scope": "accounts.read payments.write",
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "cnf": map[string]any{"jkt": b.key.Thumbprint()},
	}
	for _, e := range edit {
		e(c)
	}
	return c
}

func set(name string, value any) func(map[string]any) {
	return func(c map[string]any) { c[name] = value }
}

func (b *bed) token(edit ...func(map[string]any)) string {
	raw, err := b.issuerKey.Sign("at+jwt", b.claims(edit...))
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

func (b *bed) byCertificate() func(map[string]any) {
	return set("cnf", map[string]any{"x5t#S256": b.thumb})
}

// proved puts a token and a fresh proof on the request.
func (b *bed) proved(r *http.Request, token string) *http.Request {
	proof, err := b.key.Proof(r.Method, origin.URI(r.URL.EscapedPath()), token, "", now)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "DPoP "+token)
	r.Header.Set("DPoP", proof)
	return r
}

// good is a request that is allowed.
func (b *bed) good(method, target string, body io.Reader) *http.Request {
	return b.proved(httptest.NewRequest(method, target, body), b.token())
}

func over(r *http.Request, p *mtls.Peer) *http.Request {
	return r.WithContext(mtls.WithPeer(r.Context(), p))
}

func (b *bed) serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// records closes the audit log and reads it.
func (b *bed) records() []map[string]any {
	b.t.Helper()
	if err := b.audit.Close(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	text, err := os.ReadFile(b.auditAt)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []map[string]any
	for line := range bytes.Lines(text) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			b.t.Fatalf("audit line %s: %v", line, err)
		}
		out = append(out, record)
	}
	return out
}

// series gives the values of a metric by their labels; of a histogram, how
// often it observed.
func (b *bed) series(name string) map[string]float64 {
	b.t.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			out[strings.Join(labels, ",")] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}
