package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/json"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

// outcome is how a call ended, as its caller sees it.
type outcome struct {
	status int    // HTTP status; 0 when no HTTP answer came
	code   string // the error code of the challenge or of the body
	note   string // what an onlooker should know
}

func (o outcome) String() string {
	if o.status == 0 {
		return "no HTTP answer: the TLS handshake is refused"
	}
	s := fmt.Sprintf("%d", o.status)
	if o.code != "" {
		s += " " + o.code
	}
	return s
}

// scene is one call, the layer it shows, and the outcome that it must have.
type scene struct {
	layer  string
	title  string
	expect outcome // note is not compared
	play   func(context.Context, *stage) (outcome, error)
}

// scenes is the demonstration, in order.
var scenes = []scene{
	{"everything in place", "A partner calls with its DPoP-bound token", outcome{status: 200}, goodDPoP},
	{"everything in place", "A partner calls over mutual TLS with its certificate-bound token", outcome{status: 200}, goodCertificate},
	{"token", "Nobody: a call without a token", outcome{status: 401}, noToken},
	{"binding", "A thief: the stolen token, proved with another key", outcome{status: 401, code: "invalid_token"}, stolenToken},
	{"audience", "A token that was issued for another API", outcome{status: 401, code: "invalid_token"}, otherAudience},
	{"scope", "A payment by a partner that may only read", outcome{status: 403, code: "insufficient_scope"}, missingScope},
	{"algorithm", "A forged token that says alg: none", outcome{status: 401, code: "invalid_token"}, algNone},
	{"mutual TLS", "The partner port without a client certificate", outcome{}, noCertificate},
	{"upstream", "Straight to the bank, past the gateway", outcome{status: 401}, pastTheGateway},
}

// stage is what the scenes play on.
type stage struct {
	public, partner, bank string // origins
	audience, other       string // the API's audience, and one that is not served here
	client, reports       *partner
	certificate           *partner
	token                 *fapiclient.Token // of the first scene
}

func goodDPoP(ctx context.Context, s *stage) (outcome, error) {
	token, err := s.client.token(ctx, "accounts.read transactions.read", s.audience)
	if err != nil {
		return outcome{}, err
	}
	s.token = token
	res, err := s.client.get(ctx, s.public+"/accounts", token)
	return told(res, err, accountsSeen)
}

func goodCertificate(ctx context.Context, s *stage) (outcome, error) {
	token, err := s.certificate.token(ctx, "accounts.read", s.audience)
	if err != nil {
		return outcome{}, err
	}
	res, err := s.certificate.get(ctx, s.partner+"/accounts", token)
	return told(res, err, accountsSeen)
}

func noToken(ctx context.Context, s *stage) (outcome, error) {
	return s.raw(ctx, "GET", s.public+"/accounts", nil)
}

func stolenToken(ctx context.Context, s *stage) (outcome, error) {
	thief, err := dpop.GenerateKey()
	if err != nil {
		return outcome{}, err
	}
	return s.proved(ctx, thief, s.token.Reveal())
}

func otherAudience(ctx context.Context, s *stage) (outcome, error) {
	token, err := s.reports.token(ctx, "reports.read", s.other)
	if err != nil {
		return outcome{}, err
	}
	res, err := s.reports.get(ctx, s.public+"/accounts", token)
	return told(res, err, nil)
}

func missingScope(ctx context.Context, s *stage) (outcome, error) {
	body := []byte(`{"amount":"10.00","currency":"EUR"}`)
	req, err := http.NewRequestWithContext(ctx, "POST", s.public+"/payments", bytes.NewReader(body))
	if err != nil {
		return outcome{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.api.Do(ctx, req, s.token)
	return told(res, err, nil)
}

// algNone replaces the header of a good token and drops its signature.
func algNone(ctx context.Context, s *stage) (outcome, error) {
	parts := strings.Split(s.token.Reveal(), ".")
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`))
	return s.proved(ctx, s.client.proofKey, header+"."+parts[1]+".")
}

func noCertificate(ctx context.Context, s *stage) (outcome, error) {
	o, err := s.raw(ctx, "GET", s.partner+"/accounts", nil)
	// A TLS 1.3 server judges the client's certificate after the client has
	// finished its part, so the refusal is an alert on the first read.
	var alert tls.AlertError
	if errors.As(err, &alert) || err != nil && strings.Contains(err.Error(), "certificate required") {
		return outcome{}, nil
	}
	return o, err
}

func pastTheGateway(ctx context.Context, s *stage) (outcome, error) {
	return s.raw(ctx, "GET", s.bank+"/accounts", http.Header{"Authorization": {s.token.Type() + " " + s.token.Reveal()}})
}

// proved sends a token with a proof by key, and once more with the nonce that
// the gateway may ask for.
func (s *stage) proved(ctx context.Context, key *dpop.Key, token string) (outcome, error) {
	nonce, target := "", s.public+"/accounts"
	for range 2 {
		proof, err := key.Proof("GET", target, token, nonce, time.Now())
		if err != nil {
			return outcome{}, err
		}
		res, err := s.client.send(ctx, "GET", target, http.Header{"Authorization": {"DPoP " + token}, "Dpop": {proof}})
		o, err := told(res, err, nil)
		if err != nil || o.code != "use_dpop_nonce" {
			return o, err
		}
		nonce = res.Header.Get("DPoP-Nonce")
	}
	return outcome{status: http.StatusUnauthorized, code: "use_dpop_nonce"}, nil
}

func (s *stage) raw(ctx context.Context, method, url string, h http.Header) (outcome, error) {
	res, err := s.client.send(ctx, method, url, h)
	return told(res, err, nil)
}

// told reads an answer whole and says how it ended.
func told(res *http.Response, err error, note func([]byte) string) (outcome, error) {
	if err != nil {
		return outcome{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return outcome{}, err
	}
	o := outcome{status: res.StatusCode}
	for _, c := range fapiclient.ReadChallenges(res.Header) {
		o.code = c.Parameters["error"]
		o.note = c.Parameters["error_description"]
	}
	if note != nil && res.StatusCode == http.StatusOK {
		o.note = note(body)
	}
	return o, nil
}

func accountsSeen(body []byte) string {
	var answer struct {
		Accounts []json.RawMessage `json:"accounts"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	return fmt.Sprintf("the bank answers with %d accounts", len(answer.Accounts))
}
