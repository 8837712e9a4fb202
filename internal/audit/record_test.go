package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var moment = time.Date(2026, 11, 22, 18, 30, 5, 123456000, time.UTC)

func TestRecord_LineHoldsEveryField(t *testing.T) {
	r := Record{
		Time: moment, Event: "api", Verdict: Deny, Rule: "RS7", Reason: "htm differs",
		Issuer: "https://as.example", Client: "c1", Subject: "s1", Certificate: "ab12", TokenID: "t1",
		Listener: "public", Route: "/accounts/{id}", Method: "GET", Source: "192.0.2.1", TraceID: "0af7",
		Status: 401, Latency: 1500 * time.Microsecond,
	}
	line, end := link{seq: 6}.next(nil, &r, "a note")
	const want = `{"seq":7,"prev":"0000000000000000000000000000000000000000000000000000000000000000",` +
		`"time":"2026-11-22T18:30:05.123456Z","event":"api","verdict":"deny","rule":"RS7","reason":"htm differs",` +
		`"issuer":"https://as.example","client":"c1","subject":"s1","certificate":"ab12","token_id":"t1",` +
		`"listener":"public","route":"/accounts/{id}","method":"GET","source":"192.0.2.1","trace_id":"0af7",` +
		`"status":401,"latency_us":1500,"note":"a note"}` + "\n"
	if string(line) != want {
		t.Errorf("line is\n%swant\n%s", line, want)
	}
	if end.seq != 7 {
		t.Errorf("seq = %d, want 7", end.seq)
	}
}

func TestRecord_EmptyFieldsAreLeftOut(t *testing.T) {
	line, _ := link{}.next(nil, &Record{Time: moment, Event: "config"}, "")
	if got := string(line[strings.Index(string(line), `"time"`):]); got != `"time":"2026-11-22T18:30:05.123456Z","event":"config"}`+"\n" {
		t.Errorf("got %s", got)
	}
}

func TestRecord_HostileTextStaysOneValidLine(t *testing.T) {
	for name, text := range map[string]string{
		"newline forging a record": "x\"}\n{\"seq\":1",
		"terminal control":         "\x1b[2J\u009b2J\x7f",
		"not UTF-8":                "a\xffb\xc3",
		"too long":                 strings.Repeat("é", 4000),
		"too long and all escaped": strings.Repeat("\x01", 4000),
		"broken runes at the cut":  strings.Repeat("\x80", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			r := Record{Time: moment, Reason: text, Client: text}
			line, _ := link{}.next(nil, &r, text)
			if strings.Count(string(line), "\n") != 1 || strings.ContainsAny(string(line), "\x1b\x7f\u009b") {
				t.Errorf("line is not one plain line: %q", line)
			}
			var back struct{ Reason string }
			if err := json.Unmarshal(line, &back); err != nil {
				t.Fatalf("not JSON: %v in %q", err, line)
			}
			if utf8.RuneCountInString(back.Reason) > maxText || len(line) > maxLine {
				t.Errorf("text of %d bytes, line of %d", len(back.Reason), len(line))
			}
		})
	}
}

func TestRecord_CutEndsAtARune(t *testing.T) {
	text := strings.Repeat("a", maxText-1) + "é"
	if got := cut(text); got != text[:maxText-1] {
		t.Errorf("cut to %d bytes, ends in %q", len(got), got[len(got)-2:])
	}
}

// The longest line there can be is within what Verify and catchUp read.
func TestRecord_LongestLineFits(t *testing.T) {
	long := strings.Repeat("\x01", maxText)
	r := Record{Time: moment, Event: long, Verdict: long, Rule: long, Reason: long, Issuer: long, Client: long,
		Subject: long, Certificate: long, TokenID: long, Listener: long, Route: long, Method: long,
		Source: long, TraceID: long, Status: 599, Latency: 1 << 62}
	line, _ := link{seq: 1<<64 - 2}.next(nil, &r, long)
	if len(line) > maxLine {
		t.Errorf("line of %d bytes, maxLine is %d", len(line), maxLine)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("GET", "/accounts/{id}", "plain")
	f.Add("\x00", "\"\\", "\xf0\x9f")
	f.Fuzz(func(t *testing.T, method, route, reason string) {
		r := Record{Time: moment, Method: method, Route: route, Reason: reason}
		line, end := link{}.next(nil, &r, "")
		if !json.Valid(line) {
			t.Fatalf("not JSON: %q", line)
		}
		if err := Verify(strings.NewReader(string(line))); err != nil || end.seq != 1 {
			t.Fatalf("own line does not verify: %v", err)
		}
	})
}
