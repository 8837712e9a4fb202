package oauth

import (
	"errors"
	"net/http"
)

// Code is an OAuth error code: the value of the "error" response parameter.
type Code string

// The error codes that Gatehouse answers with, each beside its source.
const (
	InvalidRequest         Code = "invalid_request"         // RFC 6749 §5.2, RFC 6750 §3.1
	InvalidClient          Code = "invalid_client"          // RFC 6749 §5.2
	InvalidGrant           Code = "invalid_grant"           // RFC 6749 §5.2
	UnauthorizedClient     Code = "unauthorized_client"     // RFC 6749 §5.2
	UnsupportedGrantType   Code = "unsupported_grant_type"  // RFC 6749 §5.2
	InvalidScope           Code = "invalid_scope"           // RFC 6749 §5.2
	InvalidTarget          Code = "invalid_target"          // RFC 8707 §2
	InvalidDPoPProof       Code = "invalid_dpop_proof"      // RFC 9449 §5, §7.1
	UseDPoPNonce           Code = "use_dpop_nonce"          // RFC 9449 §8, §9
	InvalidToken           Code = "invalid_token"           // RFC 6750 §3.1
	InsufficientScope      Code = "insufficient_scope"      // RFC 6750 §3.1
	ServerError            Code = "server_error"            // RFC 6749 §4.1.2.1
	TemporarilyUnavailable Code = "temporarily_unavailable" // RFC 6749 §4.1.2.1
)

// Refusal is a deliberate denial. Code, Description and Status are for the
// client; Rule and Cause are for the operator's log and are never sent.
type Refusal struct {
	Code        Code   // what the client's program reads
	Description string // one sentence in plain words, safe to show to the client
	Rule        string // the requirement's id, such as "AS9"
	Status      int    // HTTP status; 0 means the code's own, see [Refusal.HTTPStatus]
	Cause       error  // what exactly was wrong, for the log; may be nil
}

// Refuse makes a refusal by rule, with what the client is told.
func Refuse(rule string, code Code, description string) *Refusal {
	return &Refusal{Rule: rule, Code: code, Description: description}
}

// Because returns a copy of the refusal that carries the cause for the log.
func (r *Refusal) Because(cause error) *Refusal {
	c := *r
	c.Cause = cause
	return &c
}

// WithStatus returns a copy of the refusal that is answered with an HTTP
// status other than its code's own, such as 405 or 413.
func (r *Refusal) WithStatus(status int) *Refusal {
	c := *r
	c.Status = status
	return &c
}

// Error gives the operator's view: rule, code, description and cause.
func (r *Refusal) Error() string {
	s := r.Rule + " " + string(r.Code) + ": " + r.Description
	if r.Cause != nil {
		s += " (" + r.Cause.Error() + ")"
	}
	return s
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// HTTPStatus is the status of this refusal at an authorization server's
// endpoint (RFC 6749 §5.2): the one set, else the code's own.
func (r *Refusal) HTTPStatus() int {
	if r.Status != 0 {
		return r.Status
	}
	switch r.Code {
	case InvalidClient, InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope:
		return http.StatusForbidden
	case ServerError:
		return http.StatusInternalServerError
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// AsRefusal finds the refusal in err's chain. Any other error becomes a
// server_error under rule RS25 (fail closed), so that whatever goes wrong is
// a denial with nothing of its inside shown.
func AsRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) && r != nil {
		return r
	}
	return Refuse("RS25", ServerError, "The server could not complete the request.").Because(err)
}
