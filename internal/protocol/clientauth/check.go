package clientauth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/mtls"
	"gatehouse.example/oauth"
)

const (
	// maxAhead is how far a client's clock may be ahead of ours (trap 3).
	maxAhead = 30 * time.Second
	// maxLifetime bounds how long the jti of an assertion must be remembered
	// (RFC 7523 §3 item 4: an exp unreasonably far in the future may be refused).
	maxLifetime = time.Hour
)

// assertionTypes are the typ headers of an assertion, in any case (RFC 7515
// §4.1.9). Trap 1: client-authentication+jwt is accepted and not required;
// "JWT" is what most libraries write.
var assertionTypes = []string{
	"", "JWT", "client-authentication+jwt",
	"application/jwt", "application/client-authentication+jwt",
}

type assertionClaims struct {
	Issuer    string            `json:"iss"`
	Subject   string            `json:"sub"`
	Audience  jose.Audience     `json:"aud"`
	Expires   *jose.NumericDate `json:"exp"`
	NotBefore *jose.NumericDate `json:"nbf,omitempty"`
	IssuedAt  *jose.NumericDate `json:"iat"`
	ID        string            `json:"jti"`
}

type checking struct {
	presented *presented
	client    Client
	issuer    string
	bundle    *mtls.Bundle
	now       time.Time

	key    *gojose.JSONWebKey // the one registered key that can have signed
	doubt  *oauth.Refusal     // why the check must fail, told only after the signature check
	claims assertionClaims    // once the signature holds
}

type step struct {
	name  string
	ids   string
	check func(*checking) error
}

// assertionSteps check private_key_jwt. What depends on the registration and
// fails before the signature check is kept as a doubt, so that neither the
// answer nor its time tells whether the client exists.
var assertionSteps = []step{
	{"typ", "C7", checkType},
	{"key by kid", "C4 AS9", chooseKey},
	{"pinned algorithm", "C7", checkAlgorithm},
	{"registered method", "AS8", doubtMethod},
	{"signature", "AS9 AS12", checkSignature},
	{"iss", "AS9", checkIssuer},
	{"sub", "AS9", checkSubject},
	{"aud is the issuer alone", "AS9", checkAudience},
	{"exp", "AS9", checkExpires},
	{"nbf", "AS9", checkNotBefore},
	{"iat", "AS9", checkIssuedAt},
	{"jti", "AS9", checkID},
}

// certificateSteps check tls_client_auth (RFC 8705 §2.1).
var certificateSteps = []step{
	{"certificate chain", "AS13", checkChain},
	{"registered method", "AS8", checkMethod},
	{"client", "AS11", checkClient},
	{"subject", "AS13", checkSubjectField},
}

// Check proves what was presented against the registered client, or against
// [Decoy] when there is none, at the issuer with this identifier. The bundle
// holds the CAs of client certificates; without one no certificate passes.
// Nothing is consumed.
func (p Presented) Check(c Client, issuer string, bundle *mtls.Bundle, now time.Time) (Authenticated, error) {
	k := &checking{presented: p.p, client: c, issuer: issuer, bundle: bundle, now: now}
	steps := certificateSteps
	if p.p.method == oauth.AuthPrivateKeyJWT {
		steps = assertionSteps
	}
	for i := range steps {
		if err := steps[i].check(k); err != nil {
			return Authenticated{}, err
		}
	}
	a := &authenticated{clientID: c.ID, method: p.p.method, certificate: p.p.certificate}
	if p.p.assertion != nil {
		a.assertionID = k.claims.ID
		// Kept past exp for the sake of nodes whose clocks differ.
		a.until = k.claims.Expires.Time().Add(maxAhead)
	}
	return Authenticated{a}, nil
}

// refuseUnmatched is the one answer to an unknown client and to credentials
// that are not the registered ones; only the log learns which (AS12).
func refuseUnmatched(rule string, cause error) *oauth.Refusal {
	return oauth.Refuse(rule, oauth.InvalidClient, "The client is unknown, or its credentials are not the registered ones.").Because(cause)
}

func refuseAssertion(sentence string) error {
	return oauth.Refuse("AS9", oauth.InvalidClient, sentence)
}

func checkType(k *checking) error {
	for _, t := range assertionTypes {
		if strings.EqualFold(t, k.presented.assertion.Header.Type) {
			return nil
		}
	}
	return oauth.Refuse("C7", oauth.InvalidClient, "The client assertion has the typ of another kind of token.")
}

// chooseKey finds the one key that the assertion names. OpenID Connect Core
// §10.1: with several keys that fit, "a kid value MUST be provided".
func chooseKey(k *checking) error {
	keys := k.client.Keys.Candidates(k.presented.assertion.Header)
	if len(keys) == 1 {
		k.key = keys[0]
		return nil
	}
	k.doubt = refuseUnmatched("AS9", fmt.Errorf("%d registered keys match the assertion's kid and algorithm", len(keys)))
	return nil
}

func checkAlgorithm(k *checking) error {
	if k.presented.assertion.Header.Algorithm != k.client.Algorithm {
		k.doubt = refuseUnmatched("C7", errors.New("the assertion's algorithm is not the client's"))
	}
	return nil
}

func doubtMethod(k *checking) error {
	if r := methodDoubt(k); r != nil {
		k.doubt = r
	}
	return nil
}

func methodDoubt(k *checking) *oauth.Refusal {
	switch k.client.Method {
	case k.presented.method:
		return nil
	case "":
		return refuseUnmatched("AS12", errors.New("the client is not registered"))
	}
	return refuseUnmatched("AS8", errors.New("the client is registered for another method"))
}

func checkSignature(k *checking) error {
	key := k.key
	if key == nil {
		key = decoyKey(k.presented.assertion.Header.Algorithm)
	}
	payload, err := k.presented.assertion.Verify(key)
	if k.doubt != nil {
		return k.doubt
	}
	if err != nil {
		return refuseUnmatched("AS12", err)
	}
	if err := jose.Decode(payload, &k.claims); err != nil {
		return refuseForm(err)
	}
	return nil
}
