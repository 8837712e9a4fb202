package resource_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// refused fails the test unless err is the refusal of rule and code.
func refused(t *testing.T, err error, rule string, code oauth.Code) {
	t.Helper()
	r := oauth.AsRefusal(err)
	if err == nil || r.Rule != rule || r.Code != code {
		t.Errorf("got %v, want %s %s", err, rule, code)
	}
}

func TestDecide_RS4_RS5_RS12_Allows(t *testing.T) {
	b := newBed(t)
	token, bound := b.token(), b.token(b.byCertificate())
	for _, c := range []struct {
		name string
		f    resource.Facts
	}{
		{"RS4 a DPoP-bound token with its proof", b.withProof(token)},
		{"RS4 the same token again with another proof", b.withProof(token)},
		{"RS12 dpop in small letters", facts(func(_ *bed, f *resource.Facts) { f.Authorization[0] = "dpop" + f.Authorization[0][4:] })(b)},
		{"RS5 a certificate-bound token with its certificate", b.withCertificate(bound, b.peer(b.certificate))},
		{"RS12 BEARER in capitals", func() resource.Facts {
			f := b.withCertificate(bound, b.peer(b.certificate))
			f.Authorization[0] = "BEARER" + f.Authorization[0][6:]
			return f
		}()},
		{"RS5 the same where any certificate is admitted", b.withCertificate(bound, mtlstest.Peer(t, b.certificate, nil))},
		{"RS6 expired less than 60 s ago", b.withProof(b.token(set("exp", start.Add(-59*time.Second).Unix())))},
		{"RS6 typ with its media type", b.withProof(b.signed(b.signer, "application/AT+JWT", b.claims()))},
		{"RS6 one audience of several", b.withProof(b.token(set("aud", []string{"https://other.example", audience})))},
		{"RS8 claims that nobody knows", b.withProof(b.token(set("surprise", map[string]any{"a": 1})))},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := b.decide(c.f)
			if err != nil {
				t.Fatal(err)
			}
			if d.ClientID != "partner" || d.Issuer != issuer || d.Subject != "partner" || d.TokenID != "token-1" || d.Scope != "accounts.read" {
				t.Errorf("the decision says %+v", d)
			}
			if (d.JKT == "") == (d.X5T == "") {
				t.Errorf("bound to %q and %q", d.JKT, d.X5T)
			}
		})
	}
}

// The certificate is judged on every request of a connection, whatever the
// handshake or an earlier request said.
func TestDecide_RS5_LongLivedConnection(t *testing.T) {
	b := newBed(t)
	short := b.ca.ClientWith(t, func(c *x509.Certificate) { c.NotAfter = start.Add(time.Minute) })
	peer := b.peer(short)
	presented, err := peer.Certificate(start)
	if err != nil {
		t.Fatal(err)
	}
	f := b.withCertificate(b.token(set("cnf", map[string]any{"x5t#S256": presented.Thumbprint()})), peer)
	if _, err := b.decide(f); err != nil {
		t.Fatalf("while the certificate is valid: %v", err)
	}
	b.advance(2 * time.Minute)
	_, err = b.decide(f)
	refused(t, err, "RS5", oauth.InvalidToken)
}

func TestDecide_RS25_EmptyRequirementDenies(t *testing.T) {
	b := newBed(t)
	_, err := b.verifier.Decide(t.Context(), b.withProof(b.token()), resource.Requirement{})
	refused(t, err, "RS25", oauth.ServerError)
	_, err = b.verifier.Decide(t.Context(), resource.Facts{}, resource.Requirement{})
	refused(t, err, "RS1", "")
}

func TestDecide_RS24_RS25_NoKeysDeny(t *testing.T) {
	b := newBed(t)
	b.setDown(true)
	_, err := b.decide(b.withProof(b.token()))
	refused(t, err, "RS24", oauth.TemporarilyUnavailable)
	if err := b.verifier.Ready(); err == nil || !strings.Contains(err.Error(), issuer) {
		t.Errorf("without keys Ready says %v", err)
	}
}

// spender is a shared store that does as it is told.
type spender struct {
	won     bool
	err     error
	panics  bool
	asked   int
	expires time.Time
}

func (s *spender) Spend(_ context.Context, _ string, _ [32]byte, expires, _ time.Time) (bool, error) {
	s.asked++
	s.expires = expires
	if s.panics {
		panic("broken store")
	}
	return s.won, s.err
}

func shared(t *testing.T, s *spender) func(*resource.Config) {
	t.Helper()
	nonces, err := dpop.NewNonces(make([]byte, 32), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	replay, err := resource.SharedReplay(s, nonces)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *resource.Config) { c.Replay = replay }
}

func TestDecide_RS10_RS25_ReplayStore(t *testing.T) {
	t.Run("RS25 a store that fails denies", func(t *testing.T) {
		b := newBed(t, shared(t, &spender{err: errors.New("disk full")}))
		_, err := b.decide(b.withProof(b.token()))
		refused(t, err, "RS25", oauth.TemporarilyUnavailable)
	})
	t.Run("RS25 a store that wins and fails denies", func(t *testing.T) {
		b := newBed(t, shared(t, &spender{won: true, err: errors.New("disk full")}))
		_, err := b.decide(b.withProof(b.token()))
		refused(t, err, "RS25", oauth.TemporarilyUnavailable)
	})
	t.Run("RS25 a panic denies", func(t *testing.T) {
		b := newBed(t, shared(t, &spender{panics: true}))
		_, err := b.decide(b.withProof(b.token()))
		refused(t, err, "RS25", oauth.ServerError)
	})
	t.Run("RS10 the other node was first", func(t *testing.T) {
		b := newBed(t, shared(t, &spender{}))
		_, err := b.decide(b.withProof(b.token()))
		refused(t, err, "RS10", oauth.InvalidDPoPProof)
	})
	t.Run("RS10 a proof is remembered for its window and the skew", func(t *testing.T) {
		s := &spender{won: true}
		b := newBed(t, shared(t, s))
		if _, err := b.decide(b.withProof(b.token())); err != nil {
			t.Fatal(err)
		}
		if kept := s.expires.Sub(start); kept < 90*time.Second || kept > 2*time.Minute {
			t.Errorf("remembered for %s, want 60 s and the skew of 30 s", kept)
		}
	})
	t.Run("RS10 a request that is refused spends nothing", func(t *testing.T) {
		s := &spender{won: true}
		for _, r := range refusals {
			b := newBed(t, shared(t, s))
			if r.wantRule() == "RS10" {
				continue
			}
			if _, err := b.decide(r.ask(b)); err == nil {
				t.Errorf("%s: allowed", r.name)
			}
		}
		if s.asked != 0 {
			t.Errorf("%d refused requests spent a proof", s.asked)
		}
	})
}

// What a memory forgets at a restart must not come back (RS10).
func TestDecide_RS10_RS13_MemoryAfterARestart(t *testing.T) {
	b := newBed(t)
	f := b.withProof(b.token())
	if _, err := b.decide(f); err != nil {
		t.Fatal(err)
	}
	restarted, err := resource.MemoryReplay(start.Add(5*time.Second), 1000)
	if err != nil {
		t.Fatal(err)
	}
	after := newBed(t, func(c *resource.Config) { c.Replay = restarted })
	after.signer, after.key = b.signer, b.key
	after.publish(b.signer)
	after.advance(5 * time.Second)
	refusedNonce := func(name string, f resource.Facts) string {
		t.Helper()
		d, err := after.decide(f)
		refused(t, err, "RS13", oauth.UseDPoPNonce)
		nonce := challengeOf(d, err).Header.Get("DPoP-Nonce")
		if nonce == "" {
			t.Errorf("%s: no nonce is offered", name)
		}
		return nonce
	}
	refusedNonce("RS10 the proof from before", f)
	token := after.token()
	nonce := refusedNonce("RS10 a fresh proof without a nonce", after.withProof(token))
	old := b.proved(token, after.key, "GET", origin.URI(path), nonceOf(t, b), start.Add(5*time.Second))
	refusedNonce("RS10 a nonce from before the restart", old)
	if _, err := after.decide(after.proved(token, after.key, "GET", origin.URI(path), nonce, start.Add(5*time.Second))); err != nil {
		t.Errorf("RS10 with the new nonce: %v", err)
	}
	after.advance(31 * time.Second)
	if _, err := after.decide(after.withProof(after.token())); err != nil {
		t.Errorf("RS10 a proof made after the restart and the skew needs no nonce: %v", err)
	}
}

// nonceOf gets a nonce of the bed's memory.
func nonceOf(t *testing.T, b *bed) string {
	t.Helper()
	d, err := b.decide(b.proved(b.token(), b.key, "GET", origin.URI(path), "none-of-ours", b.clock()))
	refused(t, err, "RS13", oauth.UseDPoPNonce)
	return challengeOf(d, err).Header.Get("DPoP-Nonce")
}

func TestDecide_RS10_FullMemoryDenies(t *testing.T) {
	full, err := resource.MemoryReplay(start.Add(-time.Hour), 1)
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(t, func(c *resource.Config) { c.Replay = full })
	if _, err := b.decide(b.withProof(b.token())); err != nil {
		t.Fatal(err)
	}
	_, err = b.decide(b.withProof(b.token()))
	refused(t, err, "RS25", oauth.TemporarilyUnavailable)
}

// RS23: what one issuer may sign with is nothing to another.
func TestDecide_RS23_C7_PolicyOfEachIssuer(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed := newSigner(t, key)
	b := newBed(t, func(c *resource.Config) {
		c.Issuers = append(c.Issuers, resource.Issuer{
			URL: "https://second.example", Audience: "https://second-api.example", Algorithms: []string{"EdDSA"}, JWKSURI: keysURI,
		})
	})
	b.publish(b.signer, ed)
	second := []func(map[string]any){set("iss", "https://second.example"), set("aud", "https://second-api.example")}
	if _, err := b.decide(b.withProof(b.signed(ed, "at+jwt", b.claims(second...)))); err != nil {
		t.Errorf("RS23 a good token of the second issuer: %v", err)
	}
	_, err = b.decide(b.withProof(b.signed(ed, "at+jwt", b.claims())))
	refused(t, err, "RS6", oauth.InvalidToken)
	_, err = b.decide(b.withProof(b.token(second...)))
	refused(t, err, "RS6", oauth.InvalidToken)
	_, err = b.decide(b.withProof(b.signed(ed, "at+jwt", b.claims(second[0]))))
	refused(t, err, "RS6", oauth.InvalidToken)
}

func TestNew_RefusesWhatIsIncomplete(t *testing.T) {
	good := func() resource.Config {
		replay, err := resource.MemoryReplay(start, 1)
		if err != nil {
			t.Fatal(err)
		}
		return resource.Config{
			Issuers: []resource.Issuer{{URL: issuer, Audience: audience, Algorithms: []string{"ES256"}}},
			Replay:  replay, Now: time.Now,
		}
	}
	if _, err := resource.New(good()); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for name, edit := range map[string]func(*resource.Config){
		"no issuers":         func(c *resource.Config) { c.Issuers = nil },
		"no replay memory":   func(c *resource.Config) { c.Replay = nil },
		"no clock":           func(c *resource.Config) { c.Now = nil },
		"an issuer twice":    func(c *resource.Config) { c.Issuers = append(c.Issuers, c.Issuers[0]) },
		"http":               func(c *resource.Config) { c.Issuers[0].URL = "http://as.example" },
		"issuer with query":  func(c *resource.Config) { c.Issuers[0].URL = issuer + "?x" },
		"no audience":        func(c *resource.Config) { c.Issuers[0].Audience = "" },
		"no algorithms":      func(c *resource.Config) { c.Issuers[0].Algorithms = nil },
		"C1 none":            func(c *resource.Config) { c.Issuers[0].Algorithms = []string{"none"} },
		"C1 HS256":           func(c *resource.Config) { c.Issuers[0].Algorithms = []string{"ES256", "HS256"} },
		"C1 RS256":           func(c *resource.Config) { c.Issuers[0].Algorithms = []string{"RS256"} },
		"RS9 proofs of 301s": func(c *resource.Config) { c.ProofMaxAge = 301 * time.Second },
		"RS9 proofs of -1s":  func(c *resource.Config) { c.ProofMaxAge = -time.Second },
	} {
		cfg := good()
		edit(&cfg)
		if v, err := resource.New(cfg); err == nil || v != nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := resource.MemoryReplay(time.Time{}, 1); err == nil {
		t.Error("a memory without a start was taken")
	}
	if _, err := resource.SharedReplay(nil, nil); err == nil {
		t.Error("a shared replay without a store was taken")
	}
}
