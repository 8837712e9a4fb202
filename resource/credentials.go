package resource

import (
	"net/http"
	"strings"

	"gatehouse.example/oauth"
)

// readCredentials finds the one token (RFC 6750 §2.1, RFC 9449 §7.1) and the
// scheme by which it came, in its canonical spelling.
func readCredentials(f *Facts) (scheme, token string, err error) {
	if f.TokenInQuery {
		return "", "", oauth.Refuse("RS1", oauth.InvalidRequest, "An access token belongs in the Authorization header, never in the URL.")
	}
	switch len(f.Authorization) {
	case 0:
		return "", "", noToken()
	case 1:
	default:
		return "", "", oauth.Refuse("RS1", oauth.InvalidRequest, "The request has more than one Authorization header.")
	}
	name, token, _ := strings.Cut(f.Authorization[0], " ")
	token = strings.Trim(token, " ")
	switch {
	case strings.EqualFold(name, oauth.TokenTypeDPoP):
		scheme = oauth.TokenTypeDPoP
	case strings.EqualFold(name, oauth.TokenTypeBearer):
		scheme = oauth.TokenTypeBearer
	default:
		// An unsupported method counts as none (RFC 6750 §3.1).
		return "", "", noToken()
	}
	// A comma would be a second set of credentials that somebody joined.
	if token == "" || strings.IndexByte(token, ' ') >= 0 || strings.IndexByte(token, ',') >= 0 || strings.IndexByte(token, '\t') >= 0 {
		return "", "", oauth.Refuse("RS1", oauth.InvalidRequest, "The Authorization header does not hold exactly one access token.")
	}
	if len(token) > maxTokenBytes {
		return "", "", oauth.Refuse("RS6", oauth.InvalidToken, "The access token is too large.")
	}
	return scheme, token, nil
}

// maxTokenBytes bounds what is hashed before anything is known of a token.
const maxTokenBytes = 16 << 10

// noToken has no error code: there is no error to name (RFC 6750 §3.1).
func noToken() error {
	return oauth.Refuse("RS1", "", "The request has no access token.").WithStatus(http.StatusUnauthorized)
}
