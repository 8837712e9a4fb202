package token_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"

	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/clientauth"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/mtls/mtlstest"
	"gatehouse.example/oauth"
)

// request is a token request, good until a test damages it.
type request struct {
	method, target, contentType string
	form                        url.Values
	body                        string // in place of the form
	header                      http.Header
	listener, url               string
	certificate                 *tls.Certificate // on the mTLS listener
	gone                        bool             // the client has closed the connection
}

// by is a good request of a client that signs its assertions, with a proof for
// the front listener.
func (w *world) by(client string) *request {
	r := &request{
		method: http.MethodPost, target: frontURL, contentType: "application/x-www-form-urlencoded",
		header: http.Header{}, listener: "front", url: frontURL,
		form: url.Values{"grant_type": {"client_credentials"}, "scope": {"accounts.read"}, "resource": {bankAPI}},
	}
	w.assert(r, w.signer, client)
	r.header.Set("DPoP", w.proof("POST", frontURL, ""))
	return r
}

// byCertificate is a good request of the client "cert".
func (w *world) byCertificate() *request {
	r := w.by("partner").overTLS(w.partner)
	r.form.Del("client_assertion")
	r.form.Del("client_assertion_type")
	r.form.Set("client_id", "cert")
	r.header.Del("DPoP")
	return r
}

func (r *request) overTLS(certificate tls.Certificate) *request {
	r.listener, r.url, r.target, r.certificate = "mtls", mtlsURL, mtlsURL, &certificate
	return r
}

func (w *world) assert(r *request, s *jose.Signer, client string) {
	assertion, err := clientauth.NewAssertion(s, client, issuer, now)
	if err != nil {
		w.t.Fatal(err)
	}
	r.form.Set("client_assertion_type", oauth.AssertionTypeJWT)
	r.form.Set("client_assertion", assertion)
}

func (w *world) proof(method, uri, nonce string) string {
	proof, err := w.key.Proof(method, uri, "", nonce, now)
	if err != nil {
		w.t.Fatal(err)
	}
	return proof
}

// reply is what a request brought about.
type reply struct {
	status int
	header http.Header
	body   string
	oauth.ErrorResponse
	oauth.TokenResponse
	rule string // of the refusal, from the log
}

func (w *world) send(r *request) *reply {
	body := r.body
	if body == "" {
		body = r.form.Encode()
	}
	q := httptest.NewRequest(r.method, r.target, strings.NewReader(body))
	q.Header = r.header.Clone()
	if r.contentType != "" {
		q.Header.Set("Content-Type", r.contentType)
	}
	if r.certificate != nil {
		q = q.WithContext(mtls.WithPeer(q.Context(), mtlstest.Peer(w.t, *r.certificate, nil)))
	}
	if r.gone {
		ctx, cancel := context.WithCancel(q.Context())
		cancel()
		q = q.WithContext(ctx)
	}
	w.log.Reset()
	recorder := httptest.NewRecorder()
	w.endpoint().Handler(r.listener, r.url).ServeHTTP(recorder, q)
	out := &reply{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String(), rule: lastRule(w.log)}
	_ = json.Unmarshal(recorder.Body.Bytes(), &out.ErrorResponse)
	_ = json.Unmarshal(recorder.Body.Bytes(), &out.TokenResponse)
	return out
}

func lastRule(log *bytes.Buffer) string {
	var line struct {
		Rule string `json:"rule"`
	}
	lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
	_ = json.Unmarshal(lines[len(lines)-1], &line)
	return line.Rule
}

// claims verifies an access token as a resource server does.
func (w *world) claims(raw, audience string) (*accesstoken.Claims, error) {
	unverified, err := accesstoken.Parse(raw)
	if err != nil {
		return nil, err
	}
	verified, err := unverified.Verify([]string{"ES256"}, w.ring.Public())
	if err != nil {
		return nil, err
	}
	return verified.Claims(), accesstoken.Judge(verified, accesstoken.Expect{Issuer: issuer, Audience: audience}, now)
}

// records closes the audit log and reads it.
func (w *world) records() []map[string]any {
	if err := w.audit.Close(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	return w.written()
}

// written reads what of the audit log is on disk.
func (w *world) written() []map[string]any {
	f, err := os.Open(w.logFile)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	var out []map[string]any
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := map[string]any{}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			w.t.Fatalf("audit line %q: %v", lines.Text(), err)
		}
		out = append(out, line)
	}
	return out
}

// untouched tells whether nothing was spent and nothing stored.
func (w *world) untouched() bool { return len(w.stores.spent) == 0 && len(w.stores.issued) == 0 }
