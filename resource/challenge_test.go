package resource_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

func challengeOf(d resource.Decision, err error) *http.Response {
	w := httptest.NewRecorder()
	d.Refuse(w, err)
	return w.Result()
}

func TestChallenge_RS3_RS10b_RS11_RS13_RS14(t *testing.T) {
	const algs = `algs="ES256 PS256 EdDSA"`
	b := newBed(t)
	for _, c := range []struct {
		name   string
		f      resource.Facts
		req    resource.Requirement
		status int
		want   []string
		body   string
	}{
		{
			"RS14 no token: no error (RFC 6750 §3.1)", resource.Facts{}, read, 401,
			[]string{`DPoP scope="accounts.read", ` + algs},
			"",
		},
		{
			"RS14 no token, over a connection with a certificate", resource.Facts{Peer: b.peer(b.certificate)}, read, 401,
			[]string{`Bearer scope="accounts.read"`, `DPoP scope="accounts.read", ` + algs},
			"",
		},
		{
			"RS14 no token where only certificate-bound ones count",
			resource.Facts{Peer: mtlstest.Peer(t, b.certificate, nil)}, resource.Requirement{Scope: "accounts.read", CertificateBound: true}, 401,
			[]string{`Bearer scope="accounts.read"`},
			"",
		},
		{
			"RS10b a bad proof", facts(func(_ *bed, f *resource.Facts) { f.DPoP = nil })(b), read, 401,
			[]string{`DPoP error="invalid_dpop_proof", error_description="The request has no DPoP header.", scope="accounts.read", ` + algs},
			"invalid_dpop_proof",
		},
		{
			"RS10b another key", b.proved(b.token(), b.otherKey, "GET", origin.URI(path), "", start), read, 401,
			[]string{`DPoP error="invalid_token", error_description="The access token is bound to another DPoP key.", scope="accounts.read", ` + algs},
			"invalid_token",
		},
		{
			"RS11 a DPoP-bound token as a bearer token (RFC 9449 §7.2)",
			resource.Facts{Authorization: []string{"Bearer " + b.token()}}, read, 401,
			[]string{
				`Bearer error="invalid_token", error_description="The access token is bound to a DPoP key and was sent as a bearer token.", scope="accounts.read"`,
				`DPoP scope="accounts.read", ` + algs,
			},
			"invalid_token",
		},
		{
			"RS3 another scope", b.withProof(b.token()), resource.Requirement{Scope: "payments.write"}, 403,
			[]string{`DPoP error="insufficient_scope", error_description="The access token does not have the scope that this request needs.", scope="payments.write", ` + algs},
			"insufficient_scope",
		},
		{
			"RS1 two tokens", resource.Facts{Authorization: []string{"DPoP a", "DPoP b"}}, read, 400,
			[]string{`DPoP error="invalid_request", error_description="The request has more than one Authorization header.", scope="accounts.read", ` + algs},
			"invalid_request",
		},
		{"RS25 no requirement", b.withProof(b.token()), resource.Requirement{}, 500, nil, "server_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := b.verifier.Decide(t.Context(), c.f, c.req)
			if err == nil {
				t.Fatal("allowed")
			}
			res := challengeOf(d, err)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d", res.StatusCode, c.status)
			}
			if diff := cmp.Diff(c.want, res.Header["Www-Authenticate"]); diff != "" {
				t.Errorf("challenges (-want +got):\n%s", diff)
			}
			if got := res.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			var body oauth.ErrorResponse
			text, _ := io.ReadAll(res.Body)
			if err := jose.Decode(text, &body); err != nil || string(body.Error) != c.body || !strings.HasSuffix(body.Description, ".") {
				t.Errorf("body %s: %v", text, err)
			}
		})
	}
}

func TestChallenge_RS24_RetryAfter(t *testing.T) {
	b := newBed(t)
	b.setDown(true)
	res := challengeOf(b.decide(b.withProof(b.token())))
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || res.Header["Www-Authenticate"] != nil {
		t.Errorf("without keys: %d %v", res.StatusCode, res.Header)
	}
}

// RS10b, RS13: a nonce comes with the refusal that asks for one, works, and is
// followed by the next when half of its life is over.
func TestChallenge_RS10b_RS13_Nonces(t *testing.T) {
	b := newBed(t, func(c *resource.Config) { c.RequireNonce = true })
	d, err := b.decide(b.withProof(b.token()))
	refused(t, err, "RS13", oauth.UseDPoPNonce)
	res := challengeOf(d, err)
	nonce := res.Header.Get("DPoP-Nonce")
	if res.StatusCode != 401 || nonce == "" || !strings.Contains(res.Header.Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) {
		t.Fatalf("the refusal is %d %v", res.StatusCode, res.Header)
	}
	offered := func() string {
		t.Helper()
		d, err := b.decide(b.proved(b.token(), b.key, "GET", origin.URI(path), nonce, b.clock()))
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		d.SetHeaders(h)
		return h.Get("DPoP-Nonce")
	}
	if next := offered(); next != "" {
		t.Errorf("a young nonce is replaced by %q", next)
	}
	b.advance(3 * time.Minute)
	next := offered()
	if next == "" || next == nonce {
		t.Fatalf("after half of its life the nonce is replaced by %q", next)
	}
	nonce = next
	if again := offered(); again != "" {
		t.Errorf("the new nonce is replaced at once by %q", again)
	}
	b.advance(6 * time.Minute)
	_, err = b.decide(b.proved(b.token(), b.key, "GET", origin.URI(path), nonce, b.clock()))
	refused(t, err, "RS13", oauth.UseDPoPNonce)
}
