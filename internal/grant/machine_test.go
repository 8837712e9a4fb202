package grant_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

const (
	issuer   = "https://as.example"
	tokenURL = issuer + "/token"
	clientID = "partner"
)

var now = time.Unix(1_800_000_000, 0)

// stores remembers what happens to them, in order, and fails where told.
type stores struct {
	events []string
	spent  map[secret.Digest]bool
	until  []time.Time
	issued []grant.Issued
	fail   string // "spend 1", "spend 2" or "redeem"
}

var errDisk = errors.New("disk on fire")

func (s *stores) Spend(_ context.Context, _ string, key secret.Digest, expires, _ time.Time) (bool, error) {
	s.events = append(s.events, "spend")
	if s.fail == "spend "+string(rune('0'+len(s.events))) {
		return false, errDisk
	}
	if s.spent == nil {
		s.spent = map[secret.Digest]bool{}
	}
	if s.spent[key] {
		return false, nil
	}
	s.spent[key] = true
	s.until = append(s.until, expires)
	return true, nil
}

func (s *stores) RedeemMachine(_ context.Context, i grant.Issued) error {
	s.events = append(s.events, "redeem")
	if s.fail == "redeem" {
		return errDisk
	}
	s.issued = append(s.issued, i)
	return nil
}

func newSigner(t *testing.T) *jose.Signer {
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

// byAssertion is a client that authenticated with a fresh assertion.
func byAssertion(t *testing.T) clientauth.Authenticated {
	t.Helper()
	s := newSigner(t)
	raw, err := clientauth.NewAssertion(s, clientID, issuer, now)
	if err != nil {
		t.Fatal(err)
	}
	form, err := oauth.ParseParameters(url.Values{"client_assertion_type": {oauth.AssertionTypeJWT}, "client_assertion": {raw}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	presented, err := clientauth.Read(form, nil, mtls.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	client := clientauth.Client{ID: clientID, Method: oauth.AuthPrivateKeyJWT, Keys: jose.NewKeySet(s.Public()), Algorithm: "ES256"}
	who, err := presented.Check(client, issuer, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func heldKey(t *testing.T) grant.Possession {
	t.Helper()
	key, err := dpop.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	header, err := key.Proof("POST", tokenURL, "", "", now)
	if err != nil {
		t.Fatal(err)
	}
	nonces, err := dpop.NewNonces(make([]byte, 32), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	request := dpop.Request{Method: "POST", URI: tokenURL, Headers: []string{header}}
	proof, err := dpop.Verify(request, dpop.NoToken(), dpop.OptionalNonce(nonces), dpop.DefaultMaxAge, now)
	if err != nil {
		t.Fatal(err)
	}
	return grant.HeldKey(proof)
}

func heldCertificate(t *testing.T) grant.Possession {
	t.Helper()
	c, err := mtlstest.Peer(t, mtlstest.NewAuthority(t).Client(t, clientID), nil).Certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	return grant.HeldCertificate(c)
}

var asked = grant.Machine{Issuer: issuer, Audience: "https://api.example", Scopes: oauth.Scopes{"accounts.read"}, Lifetime: 10 * time.Minute}

func redeem(s *stores, who clientauth.Authenticated, held grant.Possession) (grant.Redeemed, error) {
	return grant.RedeemMachine(context.Background(), s, s, who, asked, held, now)
}

func TestRedeemMachine_AS9_RS10_SpendsInOrderThenStores(t *testing.T) {
	s, who, held := &stores{}, byAssertion(t), heldKey(t)
	r, err := redeem(s, who, held)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.events, ", "); got != "spend, spend, redeem" {
		t.Errorf("AS9 order of events: %s", got)
	}
	jti, until, _ := who.AssertionID()
	if !s.spent[replay.Key("assertion", clientID, jti)] || !s.until[0].Equal(until) {
		t.Errorf("AS9 the assertion is not what was spent first, until %s", s.until[0])
	}
	if least := now.Add(dpop.DefaultMaxAge + dpop.Skew); s.until[1].Before(least) {
		t.Errorf("RS10 the proof is remembered until %s, want %s at least", s.until[1], least)
	}
	want := grant.Issued{
		Issuer: issuer, TokenID: r.Issued().TokenID, ClientID: clientID, Subject: clientID,
		GrantType: "client_credentials", Scope: "accounts.read", Audience: "https://api.example",
		Confirmation: held.Confirmation().String(), IssuedAt: now, Expires: now.Add(10 * time.Minute),
	}
	if len(s.issued) != 1 || s.issued[0] != want || r.Issued() != want {
		t.Errorf("AS70 stored %+v, want %+v", s.issued, want)
	}
}

func TestRedeemMachine_AS9_RS10_RefusesReuse(t *testing.T) {
	who, held := byAssertion(t), heldKey(t)
	for _, c := range []struct {
		name   string
		who    clientauth.Authenticated
		held   grant.Possession
		rule   string
		code   oauth.Code
		events string
	}{
		{"AS9 the assertion again", who, heldKey(t), "AS9", oauth.InvalidClient, "spend"},
		{"RS10 the proof again", byAssertion(t), held, "RS10", oauth.InvalidDPoPProof, "spend, spend"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stores{}
			if _, err := redeem(s, who, held); err != nil {
				t.Fatal(err)
			}
			s.events = nil
			_, err := redeem(s, c.who, c.held)
			var r *oauth.Refusal
			if !errors.As(err, &r) || r.Rule != c.rule || r.Code != c.code {
				t.Errorf("got %v, want %s %s", err, c.rule, c.code)
			}
			if got := strings.Join(s.events, ", "); got != c.events || len(s.issued) != 1 {
				t.Errorf("events %s, %d tokens stored", got, len(s.issued))
			}
		})
	}
}

func TestRedeemMachine_AS13_ACertificateSpendsNothing(t *testing.T) {
	s, held := &stores{}, heldCertificate(t)
	r, err := redeem(s, byAssertion(t), held)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.events, ", "); got != "spend, redeem" {
		t.Errorf("events %s, want the assertion alone to be spent", got)
	}
	if !strings.HasPrefix(r.Issued().Confirmation, "x5t#S256:") {
		t.Errorf("AS58 bound to %s", r.Issued().Confirmation)
	}
}

func TestRedeemMachine_RS25_StoreFailuresIssueNothing(t *testing.T) {
	for _, fail := range []string{"spend 1", "spend 2", "redeem"} {
		t.Run("RS25 "+fail+" fails", func(t *testing.T) {
			s := &stores{fail: fail}
			_, err := redeem(s, byAssertion(t), heldKey(t))
			var r *oauth.Refusal
			if !errors.As(err, &r) || r.Rule != "RS25" || r.Code != oauth.TemporarilyUnavailable || !errors.Is(err, errDisk) {
				t.Errorf("got %v, want RS25 temporarily_unavailable with the cause", err)
			}
			if len(s.issued) != 0 {
				t.Error("RS25 a token was stored")
			}
		})
	}
}

func TestMint_AS57_AS69_AS70_SignsWhatWasStored(t *testing.T) {
	s, signer := &stores{}, newSigner(t)
	for name, held := range map[string]grant.Possession{"AS59 key": heldKey(t), "AS58 certificate": heldCertificate(t)} {
		t.Run(name, func(t *testing.T) {
			r, err := redeem(s, byAssertion(t), held)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := r.Mint(signer, held.Confirmation())
			if err != nil {
				t.Fatal(err)
			}
			unverified, err := accesstoken.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			verified, err := unverified.Verify([]string{"ES256"}, jose.NewKeySet(signer.Public()))
			if err != nil {
				t.Fatal(err)
			}
			if err := accesstoken.Judge(verified, accesstoken.Expect{Issuer: issuer, Audience: asked.Audience}, now); err != nil {
				t.Errorf("AS69 our own token is refused: %v", err)
			}
			c, i := verified.Claims(), r.Issued()
			if c.ID != i.TokenID || c.Subject != clientID || c.ClientID != clientID || c.Scope != "accounts.read" || c.Audience.Array ||
				!c.Expires.Time().Equal(i.Expires) || *c.Confirmation != held.Confirmation().Claim() {
				t.Errorf("AS70 claims %+v differ from what was stored %+v", c, i)
			}
		})
	}
}

func TestMint_AS57_RefusesAnotherBinding(t *testing.T) {
	r, err := redeem(&stores{}, byAssertion(t), heldKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := r.Mint(newSigner(t), heldKey(t).Confirmation()); err == nil || raw != "" {
		t.Errorf("AS57 minted for a key that was not redeemed: %v", err)
	}
}

func TestRedeemMachine_C3_TokenIDsAreFresh(t *testing.T) {
	var ids []string
	for range 5 {
		r, err := redeem(&stores{}, byAssertion(t), heldKey(t))
		if err != nil {
			t.Fatal(err)
		}
		id := r.Issued().TokenID
		// 128 bits in base32 are 26 characters.
		if len(id) < 26 || slices.Contains(ids, id) {
			t.Errorf("C3 token id %q after %v", id, ids)
		}
		ids = append(ids, id)
	}
}

func TestRedeemed_AS57_ZeroValuesPanic(t *testing.T) {
	who := byAssertion(t)
	for name, f := range map[string]func(){
		"redeemed":   func() { _ = grant.Redeemed{}.Issued() },
		"possession": func() { _, _ = redeem(&stores{}, who, grant.Possession{}) },
		"client":     func() { _, _ = redeem(&stores{}, clientauth.Authenticated{}, heldKey(t)) },
	} {
		t.Run("AS57 "+name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a zero value was taken")
				}
			}()
			f()
		})
	}
}
