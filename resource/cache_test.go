package resource_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// seen checks the counters: hits so far.
func (b *bed) seen(want uint64) {
	b.t.Helper()
	if got := b.verifier.Stats().TokenCacheHits; got != want {
		b.t.Errorf("%d requests found their token in the cache, want %d", got, want)
	}
}

// The cache replaces the signature check and nothing else: a token that was
// seen before is judged anew on every request.
func TestCache_RS2_RS3_RS4_RS6_RS7_RS10_EverythingElseIsJudgedAgain(t *testing.T) {
	b := newBed(t)
	token := b.token()
	first := b.withProof(token)
	if _, err := b.decide(first); err != nil {
		t.Fatal(err)
	}
	b.seen(0)
	if _, err := b.decide(b.withProof(token)); err != nil {
		t.Fatal(err)
	}
	b.seen(1)
	deny := func(name string, f resource.Facts, req resource.Requirement, rule string, code oauth.Code) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			_, err := b.verifier.Decide(t.Context(), f, req)
			refused(t, err, rule, code)
		})
	}
	deny("RS10 replayed proof", first, read, "RS10", oauth.InvalidDPoPProof)
	deny("RS10b other key", b.proved(token, b.otherKey, "GET", origin.URI(path), "", start), read, "RS10b", oauth.InvalidToken)
	deny("RS11 as a bearer token", resource.Facts{Method: "GET", URI: origin.URI(path), Authorization: []string{"Bearer " + token}}, read, "RS11", oauth.InvalidToken)
	deny("RS3 other scope", b.withProof(token), resource.Requirement{Scope: "payments.write"}, "RS3", oauth.InsufficientScope)
	deny("RS4 only certificates", b.withProof(token), resource.Requirement{Scope: "accounts.read", CertificateBound: true}, "RS4", oauth.InvalidToken)
	deny("RS25 no requirement", b.withProof(token), resource.Requirement{}, "RS25", oauth.ServerError)
	deny("RS1 in the query", resource.Facts{Authorization: []string{"DPoP " + token}, TokenInQuery: true}, read, "RS1", oauth.InvalidRequest)
	b.advance(10*time.Minute + 61*time.Second)
	deny("RS2 expired since", b.withProof(token), read, "RS6", oauth.InvalidToken)
}

func TestCache_RS2_DamagedTokenIsAnotherToken(t *testing.T) {
	b := newBed(t)
	token := b.token()
	if _, err := b.decide(b.withProof(token)); err != nil {
		t.Fatal(err)
	}
	damaged := token[:len(token)-20] + strings.Repeat("A", 20)
	_, err := b.decide(b.withProof(damaged))
	refused(t, err, "RS2", oauth.InvalidToken)
	b.seen(0)
}

func TestCache_RefusalsAreNotRemembered(t *testing.T) {
	b := newBed(t)
	token := b.token(set("scope", "payments.write"))
	for range 3 {
		_, err := b.decide(b.withProof(token))
		refused(t, err, "RS3", oauth.InsufficientScope)
	}
	b.seen(0)
	if held := b.verifier.Stats().TokenCacheBytes; held != 0 {
		t.Errorf("refused tokens take %d bytes", held)
	}
}

// An entry dies with its key: a token of a key that the issuer withdrew is
// refused, although its signature was once found good.
func TestCache_RS2_RS24_EntryDiesWithItsKey(t *testing.T) {
	b := newBed(t)
	old := b.token()
	if _, err := b.decide(b.withProof(old)); err != nil {
		t.Fatal(err)
	}
	next := newSigner(t, newKey(t))

	t.Run("RS24 while both keys are published both tokens are good", func(t *testing.T) {
		b.publish(b.signer, next)
		b.advance(11 * time.Second)
		if _, err := b.decide(b.withProof(b.signed(next, "at+jwt", b.claims()))); err != nil {
			t.Errorf("a token of the new key: %v", err)
		}
		if _, err := b.decide(b.withProof(old)); err != nil {
			t.Errorf("a token of the old key: %v", err)
		}
		b.seen(1)
	})
	t.Run("RS24 when the old key is gone its tokens are", func(t *testing.T) {
		last := newSigner(t, newKey(t))
		b.publish(next, last)
		b.advance(11 * time.Second)
		// A token of a key that is new makes the verifier look.
		if _, err := b.decide(b.withProof(b.signed(last, "at+jwt", b.claims()))); err != nil {
			t.Fatalf("a token of the newest key: %v", err)
		}
		_, err := b.decide(b.withProof(old))
		refused(t, err, "RS24", oauth.InvalidToken)
		b.seen(1)
	})
}

// Keys that are too old to use are none, for cached tokens as well (RS25).
func TestCache_RS24_RS25_EntryIsNothingWithoutUsableKeys(t *testing.T) {
	b := newBed(t, func(c *resource.Config) { c.Issuers[0].KeysMaxStale = 10 * time.Minute })
	token := b.token(set("exp", start.Add(time.Hour).Unix()))
	if _, err := b.decide(b.withProof(token)); err != nil {
		t.Fatal(err)
	}
	b.setDown(true)
	b.advance(9 * time.Minute)
	if _, err := b.decide(b.withProof(token)); err != nil {
		t.Fatalf("with keys of 9 minutes: %v", err)
	}
	b.seen(1)
	b.advance(2 * time.Minute)
	_, err := b.decide(b.withProof(token))
	refused(t, err, "RS24", oauth.TemporarilyUnavailable)
	b.seen(1)
}

func TestCache_IsBounded(t *testing.T) {
	const limit = 64 << 10
	b := newBed(t, func(c *resource.Config) { c.TokenCacheBytes = limit })
	peer := b.peer(b.certificate)
	for i := range 200 {
		if _, err := b.decide(b.withCertificate(b.token(b.byCertificate(), set("n", i)), peer)); err != nil {
			t.Fatal(err)
		}
		if held := b.verifier.Stats().TokenCacheBytes; held > limit || held == 0 {
			t.Fatalf("after %d tokens the cache holds %d bytes, its limit is %d", i+1, held, limit)
		}
	}
}
