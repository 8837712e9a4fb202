package fapiclient

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"gatehouse.example/oauth"
)

const redacted = "[redacted]"

// Token is an access token that the server issued to this client and bound to
// its key or certificate. It prints as "[redacted]" by every verb of fmt, in
// JSON and in slog.
type Token struct {
	value   string
	kind    string // "DPoP" or "Bearer", as we write it
	bound   string // see Binding.name
	scope   oauth.Scopes
	issued  time.Time
	expires time.Time // zero when the server did not say
}

// Reveal returns the token itself. Each call is a place to look at in review:
// [Client.Do] and [Client.Transport] need none.
func (t *Token) Reveal() string { return t.value }

// Type is the token's type and the scheme by which it is sent: "DPoP", or
// "Bearer" for a token that is bound to a certificate.
func (t *Token) Type() string { return t.kind }

// Bound tells to what the token is bound: "jkt:" and the key's RFC 7638
// thumbprint, or "x5t#S256:" and the certificate's thumbprint.
func (t *Token) Bound() string { return t.bound }

// Scope is the scope that the server granted.
func (t *Token) Scope() oauth.Scopes { return t.scope }

// Expires tells when the token ends; ok is false when the server did not say
// (CL16).
func (t *Token) Expires() (at time.Time, ok bool) { return t.expires, !t.expires.IsZero() }

// String, Format, MarshalText and LogValue all redact.
func (Token) String() string               { return redacted }
func (Token) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Token) LogValue() slog.Value         { return slog.StringValue(redacted) }
