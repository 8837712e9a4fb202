package accesstoken

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// MaxSkew is the widest tolerance on a token's times (trap 3).
const MaxSkew = 60 * time.Second

// Expect is what a token must be to be good at one API. No empty field means
// that a check is skipped: an empty Issuer or Audience refuses every token.
type Expect struct {
	Issuer   string // iss, exactly
	Audience string // must be among aud: this API
	// Types are the accepted typ headers, compared without case. Nil means
	// RFC 9068's own: at+jwt and application/at+jwt. An issuer with another
	// typ must have a Marker, or its ID tokens would pass for access tokens.
	Types  []string
	Marker Marker
	Skew   time.Duration // tolerance on nbf, exp and iat, 0 to MaxSkew
}

// Marker is a claim by which an issuer with a typ of its own tells its access
// tokens from its other tokens. Keycloak: typ=Bearer (RS6).
type Marker struct{ Claim, Value string }

var standardTypes = []string{Type, "application/" + Type}

type judging struct {
	token  Verified
	claims *Claims
	expect Expect
	now    time.Time
}

type step struct {
	name  string
	ids   string
	check func(*judging) error
}

// steps is the order in which a token is judged (RFC 9068 §4).
var steps = []step{
	{"skew is within bounds", "RS6", checkSkew},
	{"typ", "RS6", checkType},
	{"marker claim of another typ", "RS6", checkMarker},
	{"iss", "RS6", checkIssuer},
	{"aud", "RS6", checkAudience},
	{"exp", "RS6", checkExpires},
	{"nbf", "RS6", checkNotBefore},
	{"iat", "RS6", checkIssuedAt},
	{"sub", "RS6 AS69", checkSubject},
	{"client_id", "RS6 AS69", checkClientID},
	{"jti", "RS6 AS69", checkID},
}

// Judge tells whether a verified token is good for what is expected at now.
// Every refusal is invalid_token (RFC 6750 §3.1) under rule RS6.
func Judge(v Verified, e Expect, now time.Time) error {
	j := judging{token: v, claims: v.Claims(), expect: e, now: now}
	for i := range steps {
		if err := steps[i].check(&j); err != nil {
			return err
		}
	}
	return nil
}

func refuse(sentence string, cause error) error {
	return oauth.Refuse(ruleToken, oauth.InvalidToken, sentence).Because(cause)
}

func checkSkew(j *judging) error {
	if j.expect.Skew < 0 || j.expect.Skew > MaxSkew {
		return fmt.Errorf("clock skew of %s is outside 0 to %s", j.expect.Skew, MaxSkew)
	}
	return nil
}

func checkType(j *judging) error {
	types := j.expect.Types
	if types == nil {
		types = standardTypes
	}
	for _, t := range types {
		if t != "" && strings.EqualFold(t, j.token.Type()) {
			return nil
		}
	}
	return refuse("The token is not an access token.", errors.New("typ is not accepted"))
}

func checkMarker(j *judging) error {
	marker := j.expect.Marker
	if marker == (Marker{}) && isStandard(j.token.Type()) {
		return nil
	}
	if marker.Claim == "" || marker.Value == "" {
		return errors.New("an issuer with a typ of its own has no marker claim configured")
	}
	if text, ok := j.token.textClaim(marker.Claim); !ok || text != marker.Value {
		return refuse("The token is not an access token.", errors.New("the marker claim is absent or another"))
	}
	return nil
}

func isStandard(typ string) bool {
	return strings.EqualFold(typ, standardTypes[0]) || strings.EqualFold(typ, standardTypes[1])
}

func checkIssuer(j *judging) error {
	if j.expect.Issuer == "" || j.claims.Issuer != j.expect.Issuer {
		return refuse("The access token is from another issuer.", nil)
	}
	return nil
}

func checkAudience(j *judging) error {
	if j.expect.Audience == "" || !j.claims.Audience.Has(j.expect.Audience) {
		return refuse("The access token is for another API.", nil)
	}
	return nil
}

func checkExpires(j *judging) error {
	if j.claims.Expires == nil {
		return refuse("The access token has no expiry time.", nil)
	}
	if !j.now.Before(j.claims.Expires.Time().Add(j.expect.Skew)) {
		return refuse("The access token has expired.", nil)
	}
	return nil
}

func checkNotBefore(j *judging) error {
	return notAhead(j, j.claims.NotBefore, "The access token is not valid yet.")
}

func checkIssuedAt(j *judging) error {
	if j.claims.IssuedAt == nil {
		return refuse("The access token does not say when it was issued.", nil)
	}
	return notAhead(j, j.claims.IssuedAt, "The access token was issued in the future.")
}

func notAhead(j *judging, date *jose.NumericDate, sentence string) error {
	if date != nil && date.Time().After(j.now.Add(j.expect.Skew)) {
		return refuse(sentence, nil)
	}
	return nil
}

func checkSubject(j *judging) error {
	if j.claims.Subject == "" {
		return refuse("The access token has no subject.", nil)
	}
	return nil
}

func checkClientID(j *judging) error {
	if j.claims.ClientID == "" {
		return refuse("The access token names no client.", nil)
	}
	return nil
}

func checkID(j *judging) error {
	if j.claims.ID == "" {
		return refuse("The access token has no identifier.", nil)
	}
	return nil
}
