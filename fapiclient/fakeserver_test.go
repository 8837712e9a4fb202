package fapiclient_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
	gojwt "github.com/go-jose/go-jose/v4/jwt"
)

const (
	issuer   = "https://as.example/bank"
	clientID = "partner-1"
)

// fake is a strict authorization server and API, written against the RFCs and
// not with the rooms under test. It accepts one client.
type fake struct {
	*network
	key  crypto.PublicKey // the client's registered key
	now  func() time.Time
	mu   sync.Mutex
	used map[string]bool   // jtis of assertions and proofs
	live map[string]string // token -> binding
	log  []string          // one line per request: host, method, path, what was answered

	tokenNonce, apiNonce string           // demanded when not ""
	lifetime             int              // expires_in; 0 leaves it out
	metadata             map[string]any   // changes to the honest document
	token                http.HandlerFunc // answers instead of the honest endpoint
	api                  http.HandlerFunc // sees each API call that was let in
	apiScript            http.HandlerFunc // answers instead of the honest API
}

func newFake(key crypto.PublicKey, now func() time.Time) *fake {
	f := &fake{network: newNetwork(), key: key, now: now, used: map[string]bool{}, live: map[string]string{}, lifetime: 600}
	f.serve("as.example:443", tls.NoClientCert, http.HandlerFunc(f.serveAS))
	f.serve("mtls.as.example:443", tls.RequireAnyClientCert, http.HandlerFunc(f.serveAS))
	f.serve("api.example:443", tls.RequestClientCert, http.HandlerFunc(f.serveAPI))
	f.serve("api2.example:8443", tls.RequestClientCert, http.HandlerFunc(f.serveAPI))
	return f
}

func (f *fake) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.log...)
}

func (f *fake) note(r *http.Request, outcome string) {
	f.log = append(f.log, fmt.Sprintf("%s %s %s: %s", r.Host, r.Method, r.URL.Path, outcome))
}

func (f *fake) serveAS(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server/bank":
		f.note(r, "metadata")
		f.serveMetadata(w)
	case "/bank/token":
		if f.token != nil {
			f.note(r, "scripted")
			f.token(w, r)
			return
		}
		if err := f.grant(w, r); err != nil {
			f.note(r, err.Error())
			code, description, _ := strings.Cut(err.Error(), ": ")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
		}
	default:
		f.note(r, "not found")
		http.NotFound(w, r)
	}
}

func (f *fake) serveMetadata(w http.ResponseWriter) {
	m := map[string]any{
		"issuer": issuer, "token_endpoint": "https://as.example/bank/token", "jwks_uri": "https://as.example/bank/jwks",
		"response_types_supported": []string{}, "grant_types_supported": []string{"client_credentials"},
		"token_endpoint_auth_methods_supported":            []string{"private_key_jwt", "tls_client_auth"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"ES256", "PS256"},
		"dpop_signing_alg_values_supported":                []string{"ES256", "EdDSA"},
		"tls_client_certificate_bound_access_tokens":       true,
		"mtls_endpoint_aliases":                            map[string]string{"token_endpoint": "https://mtls.as.example/bank/token"},
	}
	for k, v := range f.metadata {
		m[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(m)
}

// grant is the honest token endpoint; its error is "code: description".
func (f *fake) grant(w http.ResponseWriter, r *http.Request) error {
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != "POST" || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return fmt.Errorf("invalid_request: not a plain form POST")
	}
	if r.Header.Get("Authorization") != "" || form.Get("grant_type") != "client_credentials" {
		return fmt.Errorf("invalid_request: wrong grant or a second authentication")
	}
	if err := f.authenticate(r, form); err != nil {
		return fmt.Errorf("invalid_client: %w", err)
	}
	bound, kind := "", "Bearer"
	if proofs := r.Header.Values("DPoP"); len(proofs) > 0 {
		if bound, err = f.proof(r, "", f.tokenNonce); err != nil {
			if f.tokenNonce != "" {
				w.Header().Set("DPoP-Nonce", f.tokenNonce)
			}
			return err
		}
		kind = "dpop" // in lower case: clients must not mind (CL16)
	} else if r.TLS.PeerCertificates != nil {
		bound = x5t(r.TLS)
	} else {
		return fmt.Errorf("invalid_request: the token would be bound to nothing")
	}
	answer := map[string]any{"access_token": fmt.Sprintf("at.%d", len(f.live)+1), "token_type": kind}
	if f.lifetime > 0 {
		answer["expires_in"] = f.lifetime
	}
	f.live[answer["access_token"].(string)] = bound
	f.note(r, "token scope="+form.Get("scope")+" resource="+strings.Join(form["resource"], ",")+" audience="+strings.Join(form["audience"], ","))
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return json.NewEncoder(w).Encode(answer)
}

func (f *fake) authenticate(r *http.Request, form url.Values) error {
	if form.Get("client_assertion") == "" {
		if form.Get("client_id") != clientID || r.TLS.PeerCertificates == nil {
			return fmt.Errorf("neither an assertion nor a certificate with client_id")
		}
		return nil
	}
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return fmt.Errorf("wrong client_assertion_type")
	}
	var c struct {
		Iss string `json:"iss"`
		Sub string `json:"sub"`
		Jti string `json:"jti"`
		Aud any    `json:"aud"`
		Exp int64  `json:"exp"`
	}
	if _, err := f.open(form.Get("client_assertion"), "client-authentication+jwt", f.key, &c); err != nil {
		return err
	}
	left := time.Unix(c.Exp, 0).Sub(f.now())
	if c.Iss != clientID || c.Sub != clientID || c.Aud != issuer || left <= 0 || left > time.Minute {
		return fmt.Errorf("assertion says iss=%s sub=%s aud=%v, ends in %s", c.Iss, c.Sub, c.Aud, left)
	}
	return f.once("assertion " + c.Jti)
}

// proof judges a DPoP proof and returns the binding; token is "" at the token
// endpoint.
func (f *fake) proof(r *http.Request, token, nonce string) (string, error) {
	var c struct {
		Jti   string `json:"jti"`
		Htm   string `json:"htm"`
		Htu   string `json:"htu"`
		Ath   string `json:"ath"`
		Nonce string `json:"nonce"`
		Iat   int64  `json:"iat"`
	}
	jwk, err := f.open(strings.Join(r.Header.Values("DPoP"), ","), "dpop+jwt", nil, &c)
	if err != nil {
		return "", fmt.Errorf("invalid_dpop_proof: %w", err)
	}
	ath := ""
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		ath = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	htu := "https://" + r.Host + r.URL.EscapedPath()
	if age := f.now().Unix() - c.Iat; c.Htm != r.Method || c.Htu != htu || c.Ath != ath || age < 0 || age > 60 {
		return "", fmt.Errorf("invalid_dpop_proof: htm=%s htu=%s ath=%s age=%d", c.Htm, c.Htu, c.Ath, age)
	}
	if nonce != c.Nonce {
		return "", fmt.Errorf("use_dpop_nonce: a nonce is needed")
	}
	sum, _ := jwk.Thumbprint(crypto.SHA256)
	return "jkt:" + base64.RawURLEncoding.EncodeToString(sum), f.once("proof " + c.Jti)
}

// open verifies a JWT with the key, or with the jwk in its header.
func (f *fake) open(compact, typ string, key any, claims any) (*gojose.JSONWebKey, error) {
	t, err := gojwt.ParseSigned(compact, []gojose.SignatureAlgorithm{gojose.ES256})
	if err != nil {
		return nil, err
	}
	h := t.Headers[0]
	if h.ExtraHeaders["typ"] != typ {
		return nil, fmt.Errorf("typ is %v", h.ExtraHeaders["typ"])
	}
	if key == nil {
		if h.JSONWebKey == nil || !h.JSONWebKey.IsPublic() {
			return nil, fmt.Errorf("no public jwk")
		}
		key = h.JSONWebKey.Key
	}
	return h.JSONWebKey, t.Claims(key, claims)
}

func (f *fake) once(jti string) error {
	if f.used[jti] || len(jti) < 20 {
		return fmt.Errorf("invalid_request: %s used before or too short", jti)
	}
	f.used[jti] = true
	return nil
}

func (f *fake) serveAPI(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.apiScript != nil {
		f.apiScript(w, r)
		return
	}
	if err := f.admit(r); err != nil {
		f.note(r, err.Error())
		code, _, _ := strings.Cut(err.Error(), ": ")
		if f.apiNonce != "" {
			w.Header().Set("DPoP-Nonce", f.apiNonce)
		}
		w.Header().Add("WWW-Authenticate", `dPoP realm="a, b", error="`+code+`", algs="ES256"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.note(r, "served "+string(body))
	if f.api != nil {
		f.api(w, r)
	}
}

func (f *fake) admit(r *http.Request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bound, ok := f.live[token]
	if !ok || len(r.Header.Values("Authorization")) != 1 {
		return fmt.Errorf("invalid_token: unknown")
	}
	if strings.HasPrefix(bound, "x5t") {
		if scheme != "Bearer" || r.TLS.PeerCertificates == nil || x5t(r.TLS) != bound {
			return fmt.Errorf("invalid_token: not the bound certificate")
		}
		return nil
	}
	if shown, err := f.proof(r, token, f.apiNonce); err != nil || scheme != "DPoP" || shown != bound {
		return fmt.Errorf("%v", err)
	}
	return nil
}

func x5t(cs *tls.ConnectionState) string {
	sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
	return "x5t#S256:" + base64.RawURLEncoding.EncodeToString(sum[:])
}
