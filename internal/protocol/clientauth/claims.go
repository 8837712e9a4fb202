package clientauth

import (
	"errors"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

func checkIssuer(k *checking) error {
	if k.claims.Issuer != k.client.ID {
		return refuseAssertion("The client assertion's iss is not the client.")
	}
	return nil
}

func checkSubject(k *checking) error {
	if k.claims.Subject != k.client.ID {
		return refuseAssertion("The client assertion's sub is not the client.")
	}
	return nil
}

// checkAudience holds trap 1: "shall only accept its issuer identifier value ...
// as a string in the aud claim" (SP 5.3.2.1-8). An array fails even when it
// holds the issuer alone, as does the URL of an endpoint.
func checkAudience(k *checking) error {
	aud := k.claims.Audience
	if aud.Array || len(aud.Values) != 1 || aud.Values[0] != k.issuer {
		return refuseAssertion("The client assertion's aud must be the issuer identifier, as one string.")
	}
	return nil
}

func checkExpires(k *checking) error {
	switch exp := k.claims.Expires; {
	case exp == nil:
		return refuseAssertion("The client assertion has no exp.")
	case !exp.Time().After(k.now):
		return refuseAssertion("The client assertion has expired.")
	case exp.Time().After(k.now.Add(maxLifetime)):
		return refuseAssertion("The client assertion's exp is too far ahead.")
	}
	return nil
}

func checkNotBefore(k *checking) error {
	return k.notAhead(k.claims.NotBefore, "The client assertion is not valid yet.")
}

func checkIssuedAt(k *checking) error {
	return k.notAhead(k.claims.IssuedAt, "The client assertion was issued in the future.")
}

func (k *checking) notAhead(date *jose.NumericDate, sentence string) error {
	if date != nil && date.Time().After(k.now.Add(maxAhead)) {
		return refuseAssertion(sentence)
	}
	return nil
}

func checkID(k *checking) error {
	if k.claims.ID == "" || len(k.claims.ID) > maxIDBytes {
		return refuseAssertion("The client assertion's jti is missing or too long.")
	}
	return nil
}

// checkChain validates the certificate before anything registered is looked
// at (RFC 8705 §2.1), so its answer tells nothing about clients.
func checkChain(k *checking) error {
	cause := errors.New("this issuer has no CA for client certificates")
	if k.bundle != nil {
		cause = k.presented.certificate.VerifyAgainst(k.bundle, k.now)
	}
	if cause != nil {
		return oauth.Refuse("AS13", oauth.InvalidClient, "The client certificate is not one that is trusted here.").Because(cause)
	}
	return nil
}

func checkMethod(k *checking) error {
	if r := methodDoubt(k); r != nil {
		return r
	}
	return nil
}

func checkClient(k *checking) error {
	if k.presented.clientID != k.client.ID {
		return refuseUnmatched("AS11", errors.New("client_id is not the client that was looked up"))
	}
	return nil
}

func checkSubjectField(k *checking) error {
	if !k.client.Subject.Matches(k.presented.certificate) {
		return refuseUnmatched("AS13", errors.New("the certificate's subject is not the registered one"))
	}
	return nil
}
