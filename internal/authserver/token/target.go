package token

import (
	"slices"

	"gatehouse.example/oauth"
)

// chooseAudience finds the one API for which the token is: named by resource
// (RFC 8707 §2) or audience, or the only one that there is for this client.
// Values are compared as text with the configured ones.
func chooseAudience(x *exchange) error {
	asked := append(x.form.All("resource"), x.form.All("audience")...)
	slices.Sort(asked)
	switch asked = slices.Compact(asked); len(asked) {
	case 0:
		return chooseOnlyAudience(x)
	case 1:
		if !x.mayReach(asked[0]) {
			return oauth.Refuse("AS72", oauth.InvalidTarget, "The resource is unknown here, or not one that this client may ask for.")
		}
		x.audience = asked[0]
		return nil
	}
	return oauth.Refuse("AS71", oauth.InvalidTarget, "A token is for one resource; ask for each in a request of its own.")
}

func (x *exchange) mayReach(audience string) bool {
	_, known := x.issuer.Scopes[audience]
	return known && slices.Contains(x.client.Audiences, audience)
}

func chooseOnlyAudience(x *exchange) error {
	if len(x.client.Audiences) != 1 || !x.mayReach(x.client.Audiences[0]) {
		return oauth.Refuse("AS71", oauth.InvalidTarget, "This client may ask for several resources; the request must name one.")
	}
	x.audience = x.client.Audiences[0]
	return nil
}

// chooseScopes takes exactly the scopes that were asked for. RFC 6749 §3.3
// leaves us the choice when none is named; a token with every scope that the
// client has would be the opposite of least privilege (AS67).
func chooseScopes(x *exchange) error {
	scopes, err := oauth.ParseScopes(x.form.Get("scope"))
	switch {
	case err != nil:
		return oauth.Refuse("AS67", oauth.InvalidScope, "The scope is malformed.").Because(err)
	case len(scopes) == 0:
		return oauth.Refuse("AS67", oauth.InvalidScope, "The request must name the scopes that it needs.")
	case !scopes.Within(x.issuer.Scopes[x.audience]):
		return oauth.Refuse("AS71", oauth.InvalidScope, "A scope is not one of the API that the token is for.")
	case !scopes.Within(x.client.Scopes):
		return oauth.Refuse("AS67", oauth.InvalidScope, "A scope is not one that this client may have.")
	}
	x.scopes = scopes
	return nil
}
