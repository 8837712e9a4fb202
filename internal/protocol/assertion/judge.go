package assertion

import (
	"errors"
	"strings"
	"time"
)

// maxAhead is how far the gateway's clock may be ahead of ours (trap 3).
const maxAhead = 30 * time.Second

// Expect is what an assertion must be to be good for one request. An empty
// field matches nothing.
type Expect struct {
	Issuer string // the gateway's name
	Call
}

type judging struct {
	typ    string
	claims *claims
	expect Expect
	now    time.Time
	caller Caller
}

type step struct {
	name  string
	ids   string
	check func(*judging) error
}

// steps is the order in which an assertion is judged.
var steps = []step{
	{"typ", "C7", checkType},
	{"iss", "RS6", checkIssuer},
	{"aud is this upstream alone", "RS6", checkAudience},
	{"exp", "RS6", checkExpires},
	{"iat", "RS6", checkIssuedAt},
	{"lifetime", "RS6", checkLifetime},
	{"jti", "RS6", checkID},
	{"htm", "RS7", checkMethod},
	{"htu", "RS7", checkURI},
	{"caller is whole or nobody", "RS4", readCaller},
}

// Judge tells who calls, if the assertion is good for the request at now.
// Every refusal is invalid_token.
func Judge(v Verified, e Expect, now time.Time) (Caller, error) {
	j := judging{typ: v.v.typ, claims: &v.v.claims, expect: e, now: now}
	for i := range steps {
		if err := steps[i].check(&j); err != nil {
			return Caller{}, err
		}
	}
	return j.caller, nil
}

func checkType(j *judging) error {
	if !strings.EqualFold(j.typ, Type) {
		return refuse("C7", "The token is not a gateway's assertion.", errors.New("typ is not "+Type))
	}
	return nil
}

func checkIssuer(j *judging) error {
	if j.expect.Issuer == "" || j.claims.Issuer != j.expect.Issuer {
		return refuse("RS6", "The assertion is from another gateway.", nil)
	}
	return nil
}

func checkAudience(j *judging) error {
	aud := j.claims.Audience.Values
	if j.expect.Audience == "" || len(aud) != 1 || aud[0] != j.expect.Audience {
		return refuse("RS6", "The assertion is for another upstream.", nil)
	}
	return nil
}

// checkExpires has no tolerance: [ReuseFor] leaves one.
func checkExpires(j *judging) error {
	if j.claims.Expires == nil || !j.now.Before(j.claims.Expires.Time()) {
		return refuse("RS6", "The assertion has expired.", nil)
	}
	return nil
}

func checkIssuedAt(j *judging) error {
	if j.claims.IssuedAt == nil || j.claims.IssuedAt.Time().After(j.now.Add(maxAhead)) {
		return refuse("RS6", "The assertion was issued in the future.", nil)
	}
	return nil
}

func checkLifetime(j *judging) error {
	if j.claims.Expires.Time().Sub(j.claims.IssuedAt.Time()) > Lifetime {
		return refuse("RS6", "The assertion lives longer than a minute.", nil)
	}
	return nil
}

func checkID(j *judging) error {
	if j.claims.ID == "" {
		return refuse("RS6", "The assertion has no identifier.", nil)
	}
	return nil
}

func checkMethod(j *judging) error {
	if j.expect.Method == "" || j.claims.Method != j.expect.Method {
		return refuse("RS7", "The assertion is for another method.", nil)
	}
	return nil
}

func checkURI(j *judging) error {
	if j.expect.URI == "" || j.claims.URI != j.expect.URI {
		return refuse("RS7", "The assertion is for another address.", nil)
	}
	return nil
}

func readCaller(j *judging) error {
	c := j.claims
	caller := Caller{Issuer: c.TokenIssuer, ClientID: c.ClientID, Subject: c.Subject, Scope: c.Scope}
	if c.Confirmation != nil {
		caller.Confirmation = *c.Confirmation
	}
	if !caller.Anonymous() && !caller.whole() {
		return refuse("RS4", "The assertion names a caller by halves.", errIncomplete)
	}
	j.caller = caller
	return nil
}
