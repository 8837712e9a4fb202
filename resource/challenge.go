package resource

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

// challenge is what a refusal has to tell besides its error.
type challenge struct {
	scheme    string      // by which the token came; "" when none was read
	scope     oauth.Scope // what the request needs
	peer      *mtls.Peer
	now       time.Time
	onlyBound bool // only a token bound to the certificate is accepted
}

// certificate tells whether the connection could carry a certificate-bound
// token: it has a certificate, or should have had a better one.
func (c challenge) certificate() bool {
	if c.peer == nil {
		return false
	}
	certificate, err := c.peer.Certificate(c.now)
	return err != nil || certificate.Present()
}

// dpopAlgorithms is the algs attribute (RFC 9449 §7.1): what a proof may be
// signed with, separated by spaces (RS14).
var dpopAlgorithms = strings.Join(dpop.Algorithms(), " ")

// SetHeaders adds what a successful answer carries: a fresh DPoP-Nonce before
// the client's lapses (RS10b).
func (d *Decision) SetHeaders(h http.Header) {
	if d.nonce != "" {
		h.Set("DPoP-Nonce", d.nonce)
	}
}

// Refuse writes the refusal that [Verifier.Decide] gave with this decision:
// status, challenges (RFC 6750 §3, RFC 9449 §7.1), DPoP-Nonce and JSON body.
func (d *Decision) Refuse(w http.ResponseWriter, err error) {
	r := oauth.AsRefusal(err)
	h := w.Header()
	d.SetHeaders(h)
	status := StatusOf(r)
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusBadRequest {
		for _, c := range d.challenge.render(r) {
			h.Add("WWW-Authenticate", c)
		}
	}
	WriteRefusal(w, r)
}

// render gives one field value for each scheme by which the client may come
// back. The error stands at the scheme that was used; without any token there
// is no error to name (RFC 6750 §3.1).
func (c challenge) render(r *oauth.Refusal) []string {
	bearer := c.onlyBound || c.certificate() || c.scheme == oauth.TokenTypeBearer
	var out []string
	if bearer {
		out = append(out, c.one(oauth.TokenTypeBearer, "", r))
	}
	if !c.onlyBound {
		out = append(out, c.one(oauth.TokenTypeDPoP, dpopAlgorithms, r))
	}
	return out
}

func (c challenge) one(scheme, algs string, r *oauth.Refusal) string {
	var b strings.Builder
	b.WriteString(scheme)
	sep := " "
	attribute := func(name, value string) {
		if value == "" {
			return
		}
		b.WriteString(sep)
		sep = ", "
		b.WriteString(name)
		b.WriteString(`="`)
		b.WriteString(quotable(value))
		b.WriteByte('"')
	}
	if r.Code != "" && (c.scheme == scheme || c.scheme == "") {
		attribute("error", string(r.Code))
		attribute("error_description", r.Description)
	}
	attribute("scope", string(c.scope))
	attribute("algs", algs)
	return b.String()
}

// quotable leaves out what RFC 6750 §3 does not allow in error_description.
func quotable(s string) string {
	bad := func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if bad(r) {
			return -1
		}
		return r
	}, s)
}

// StatusOf is the HTTP status of a refusal at a resource server (RFC 6750
// §3.1, RFC 9449 §7.1), where a bad proof is 401 and not 400 as it is at an
// authorization server.
func StatusOf(r *oauth.Refusal) int {
	if r.Status != 0 {
		return r.Status
	}
	switch r.Code {
	case "", oauth.InvalidDPoPProof, oauth.UseDPoPNonce:
		return http.StatusUnauthorized
	}
	return r.HTTPStatus()
}

// retryAfter is how many seconds a client should wait when keys or a store
// cannot be reached.
const retryAfter = 5

// WriteRefusal writes a refusal that has no challenge: its status and a JSON
// object with error and error_description, never to be stored.
func WriteRefusal(w http.ResponseWriter, r *oauth.Refusal) {
	body := make([]byte, 0, 160)
	body = append(body, '{')
	if r.Code != "" {
		body = append(body, `"error":"`...)
		body = append(body, quotable(string(r.Code))...)
		body = append(body, `",`...)
	}
	body = append(body, `"error_description":"`...)
	body = append(body, quotable(r.Description)...)
	body = append(body, "\"}\n"...)
	status := StatusOf(r)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
