package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"
)

// The verdicts of a decision.
const (
	Allow = "allow"
	Deny  = "deny"
)

// Record is one decision: when, who, with which certificate, where, what was
// decided, by which rule and why. An empty field is left out of the line. No
// field may hold a token, a proof, an assertion or a secret.
type Record struct {
	Time    time.Time // when the decision was made
	Event   string    // the kind of decision: "token", "api", "config", ...
	Verdict string    // Allow or Deny
	Rule    string    // id of the rule that denied, "" when none did
	Reason  string    // why, in words, for the operator

	Issuer      string // the issuer whose client or token it is
	Client      string // client_id, once it is proven
	Subject     string // sub of the token
	Certificate string // SHA-256 of the client certificate, lower-case hex
	TokenID     string // jti of the token, which is a name and opens nothing

	Listener string // the configured name of the listener
	Route    string // the configured path of the route, never the URL asked for
	Method   string // the HTTP method
	Source   string // the address that the connection came from
	TraceID  string // W3C trace id
	Status   int    // the HTTP status answered, 0 when none
	Latency  time.Duration
}

// maxText bounds every text of a record, in bytes.
const maxText = 256

// link is a line's place in the chain.
type link struct {
	seq  uint64
	hash [sha256.Size]byte // of the line, without its newline
}

// next appends the line that follows l in the chain and returns its link.
func (l link) next(buf []byte, r *Record, note string) ([]byte, link) {
	start := len(buf)
	buf = append(buf, headSeq...)
	buf = strconv.AppendUint(buf, l.seq+1, 10)
	buf = append(buf, headPrev...)
	buf = hex.AppendEncode(buf, l.hash[:])
	buf = append(buf, headTime...)
	buf = r.Time.UTC().AppendFormat(buf, "2006-01-02T15:04:05.000000Z")
	buf = append(buf, '"')
	buf = r.appendTexts(buf)
	if r.Status != 0 {
		buf = append(buf, `,"status":`...)
		buf = strconv.AppendInt(buf, int64(r.Status), 10)
	}
	if r.Latency != 0 {
		buf = append(buf, `,"latency_us":`...)
		buf = strconv.AppendInt(buf, r.Latency.Microseconds(), 10)
	}
	buf = appendText(buf, `,"note":"`, note)
	buf = append(buf, '}')
	return append(buf, '\n'), link{l.seq + 1, sha256.Sum256(buf[start:])}
}

// The fixed beginning of every line, which parseHead reads back.
const (
	headSeq  = `{"seq":`
	headPrev = `,"prev":"`
	headTime = `","time":"`
)

func (r *Record) appendTexts(buf []byte) []byte {
	buf = appendText(buf, `,"event":"`, r.Event)
	buf = appendText(buf, `,"verdict":"`, r.Verdict)
	buf = appendText(buf, `,"rule":"`, r.Rule)
	buf = appendText(buf, `,"reason":"`, r.Reason)
	buf = appendText(buf, `,"issuer":"`, r.Issuer)
	buf = appendText(buf, `,"client":"`, r.Client)
	buf = appendText(buf, `,"subject":"`, r.Subject)
	buf = appendText(buf, `,"certificate":"`, r.Certificate)
	buf = appendText(buf, `,"token_id":"`, r.TokenID)
	buf = appendText(buf, `,"listener":"`, r.Listener)
	buf = appendText(buf, `,"route":"`, r.Route)
	buf = appendText(buf, `,"method":"`, r.Method)
	buf = appendText(buf, `,"source":"`, r.Source)
	return appendText(buf, `,"trace_id":"`, r.TraceID)
}

// appendText appends a member of at most maxText bytes of text, or nothing.
func appendText(buf []byte, head, text string) []byte {
	if text == "" {
		return buf
	}
	text = cut(text)
	buf = append(buf, head...)
	for text != "" {
		plain := 0
		for plain < len(text) && isPlain(text[plain]) {
			plain++
		}
		buf, text = append(buf, text[:plain]...), text[plain:]
		if text != "" {
			r, size := utf8.DecodeRuneInString(text)
			buf, text = appendRune(buf, r), text[size:]
		}
	}
	return append(buf, '"')
}

// isPlain tells whether a byte stands for itself in a line.
func isPlain(c byte) bool {
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
}

// cut shortens text to maxText bytes, at the end of a rune.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

const hexDigits = "0123456789abcdef"

// appendRune escapes what JSON forbids in a string (RFC 8259 §7), and DEL and
// the C1 controls, by which a line could command the terminal that shows it.
// A byte that is no UTF-8 becomes U+FFFD.
func appendRune(buf []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(buf, '\\', byte(r))
	case r < 0xa0:
		return append(buf, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&0xf])
	}
	return utf8.AppendRune(buf, r)
}
