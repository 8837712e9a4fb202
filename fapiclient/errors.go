package fapiclient

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse.example/oauth"
)

// StopError is why the client went no further by its own decision: a request
// that it must not send, or an answer that it must not believe.
type StopError struct {
	Rule   string // the requirement's id, such as "CL8"
	Reason string // one plain sentence
	Cause  error  // the detail; may be nil
}

func stop(rule, reason string) *StopError { return &StopError{Rule: rule, Reason: reason} }

func (e *StopError) because(cause error) *StopError {
	c := *e
	c.Cause = cause
	return &c
}

// Error gives the reason and the cause on one line.
func (e *StopError) Error() string {
	s := strings.TrimSuffix(e.Reason, ".")
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s + " (" + e.Rule + ")"
}

// Unwrap returns the cause.
func (e *StopError) Unwrap() error { return e.Cause }

// ServerError is an authorization server's own refusal (RFC 6749 §5.2).
type ServerError struct {
	Status      int        // the HTTP status
	Code        oauth.Code // the error parameter; "" when the answer had none
	Description string     // error_description, made safe to print; may be ""
}

// Error gives status, code and description on one line.
func (e *ServerError) Error() string {
	s := fmt.Sprintf("the authorization server answered %d", e.Status)
	if e.Code != "" {
		s += " " + string(e.Code)
	}
	if e.Description != "" {
		s += ": " + e.Description
	}
	return s
}

// maxPrinted bounds, in bytes, what is repeated of a text that a server chose.
const maxPrinted = 300

// printable makes a server's text safe for a terminal and a log line: control
// and format characters become spaces, and it is cut at maxPrinted bytes.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxPrinted {
		s = s[:maxPrinted-len("...")]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	return strings.TrimSpace(s)
}
