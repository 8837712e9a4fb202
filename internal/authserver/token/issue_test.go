package token_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse.example/internal/protocol/confirmation"
)

// acceptance is one good request and what its token is bound to.
type acceptance struct {
	name, ids string
	make      func(w *world) *request
	client    string
	tokenType string
	audience  string
}

var acceptances = []acceptance{
	{"AS59 by assertion, bound to the key", "AS6 AS9 AS12 AS19 AS29 AS59 AS64 AS69 AS70 RS10 RS25", func(w *world) *request { return w.by("partner") }, "partner", "DPoP", bankAPI},
	{"AS58 by certificate, bound to it", "AS13 AS58", (*world).byCertificate, "cert", "Bearer", bankAPI},
	{"AS58 by assertion over mTLS, bound to the certificate", "AS58", func(w *world) *request {
		r := w.by("bound").overTLS(w.partner)
		r.header.Del("DPoP")
		return r
	}, "bound", "Bearer", bankAPI},
	{"AS58 either, without a proof", "AS58", func(w *world) *request {
		r := w.by("either").overTLS(w.partner)
		r.header.Del("DPoP")
		return r
	}, "either", "Bearer", bankAPI},
	{"AS59 either, with a proof on the mTLS listener", "AS59 AS62", func(w *world) *request {
		r := w.by("either").overTLS(w.partner)
		r.header.Set("DPoP", w.proof("POST", mtlsURL, ""))
		return r
	}, "either", "DPoP", bankAPI},
	{"AS59 either, on the front listener", "AS59", func(w *world) *request { return w.by("either") }, "either", "DPoP", bankAPI},
	{"AS71 audience in place of resource", "AS71", func(w *world) *request {
		r := w.by("either")
		r.form.Del("resource")
		r.form.Set("audience", cardsAPI)
		r.form.Set("scope", "cards.read")
		return r
	}, "either", "DPoP", cardsAPI},
	{"AS71 resource and audience agree", "AS71", func(w *world) *request {
		r := w.by("partner")
		r.form.Set("audience", bankAPI)
		return r
	}, "partner", "DPoP", bankAPI},
	{"AS71 the client's only API is the default", "AS71 AS72", func(w *world) *request {
		r := w.by("partner")
		r.form.Del("resource")
		return r
	}, "partner", "DPoP", bankAPI},
	{"AS4 unknown parameters are ignored", "AS4", func(w *world) *request {
		r := w.by("partner")
		r.form.Set("future", "1")
		return r
	}, "partner", "DPoP", bankAPI},
}

// wrong says what is wrong with the answer to a good request.
func (a acceptance) wrong(w *world, r *request, got *reply) string {
	scope := r.form.Get("scope")
	switch {
	case got.status != http.StatusOK:
		return fmt.Sprintf("status %d %s", got.status, got.body)
	case got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json":
		return fmt.Sprintf("AS64 headers %v", got.header)
	case got.TokenType != a.tokenType || got.ExpiresIn != 600 || got.Scope != scope:
		return "answer " + got.body
	case strings.Contains(got.body, "refresh_token"):
		return "AS66 there is a refresh token"
	case len(w.stores.issued) != 1:
		return fmt.Sprintf("%d tokens stored", len(w.stores.issued))
	}
	c, err := w.claims(got.AccessToken, a.audience)
	if err != nil {
		return fmt.Sprintf("AS69 the token is refused: %v", err)
	}
	want := confirmation.Claim{JKT: w.key.Thumbprint()}
	if a.tokenType == "Bearer" {
		want = confirmation.Claim{X5T: w.thumbprint()}
	}
	stored := w.stores.issued[0]
	switch {
	case c.Confirmation == nil || *c.Confirmation != want:
		return fmt.Sprintf("AS57 cnf is %+v, want %+v", c.Confirmation, want)
	case c.Subject != a.client || c.ClientID != a.client || c.Scope != scope || c.Audience.Array || c.Audience.Values[0] != a.audience:
		return fmt.Sprintf("AS70 claims %+v", c)
	case stored.TokenID != c.ID || stored.ClientID != a.client || stored.Audience != a.audience || stored.Issuer != issuer:
		return fmt.Sprintf("stored %+v", stored)
	case !w.recorded(c.ID, a.client):
		return "RS25 the decision is not on disk when the answer is out"
	}
	return ""
}

func (w *world) recorded(tokenID, client string) bool {
	for _, r := range w.written() {
		if r["token_id"] == tokenID && r["client"] == client && r["verdict"] == "allow" {
			return true
		}
	}
	return false
}

func (w *world) thumbprint() string {
	r := w.byCertificate()
	return w.certificateOf(r).Thumbprint()
}

func TestToken_AS4_AS57_AS58_AS59_AS64_AS66_AS69_AS70_AS71_Issues(t *testing.T) {
	for _, a := range acceptances {
		t.Run(a.name, func(t *testing.T) {
			w := newWorld(t)
			r := a.make(w)
			if wrong := a.wrong(w, r, w.send(r)); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

func TestToken_AS63_Nonces(t *testing.T) {
	t.Run("AS63 required: asked for, then accepted, with the same assertion", func(t *testing.T) {
		w := newWorld(t)
		w.require = true
		r := w.by("partner")
		first := w.send(r)
		nonce := first.header.Get("DPoP-Nonce")
		if first.status != 400 || first.Error != "use_dpop_nonce" || nonce == "" || !w.untouched() {
			t.Fatalf("AS63 got %d %s with nonce %q, untouched %v", first.status, first.body, nonce, w.untouched())
		}
		r.header.Set("DPoP", w.proof("POST", frontURL, nonce))
		second := w.send(r)
		if second.status != 200 || second.header.Get("DPoP-Nonce") == "" {
			t.Errorf("AS63 with the nonce: %d %s, next nonce %q", second.status, second.body, second.header.Get("DPoP-Nonce"))
		}
	})
	t.Run("AS63 required: another refusal brings no nonce", func(t *testing.T) {
		w := newWorld(t)
		w.require = true
		if got := w.send(w.by("nobody")); got.header.Get("DPoP-Nonce") != "" {
			t.Error("AS63 a stranger is given a nonce")
		}
	})
	t.Run("AS63 required: a certificate needs none", func(t *testing.T) {
		w := newWorld(t)
		w.require = true
		if got := w.send(w.byCertificate()); got.status != 200 || got.header.Get("DPoP-Nonce") != "" {
			t.Errorf("AS63 got %d, nonce %q", got.status, got.header.Get("DPoP-Nonce"))
		}
	})
	t.Run("AS63 optional: a nonce that is sent is renewed", func(t *testing.T) {
		w := newWorld(t)
		r := w.by("partner")
		r.header.Set("DPoP", w.proof("POST", frontURL, w.nonces.Issue(now)))
		if got := w.send(r); got.status != 200 || got.header.Get("DPoP-Nonce") == "" {
			t.Errorf("AS63 got %d, nonce %q", got.status, got.header.Get("DPoP-Nonce"))
		}
	})
	t.Run("AS63 optional: a bad nonce brings a good one", func(t *testing.T) {
		w := newWorld(t)
		r := w.by("partner")
		r.header.Set("DPoP", w.proof("POST", frontURL, "made-up"))
		if got := w.send(r); got.Error != "use_dpop_nonce" || w.nonces.Judge(got.header.Get("DPoP-Nonce"), now) != nil {
			t.Errorf("AS63 got %s, nonce %q", got.body, got.header.Get("DPoP-Nonce"))
		}
	})
}
