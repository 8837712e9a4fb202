package jose_test

import (
	"testing"
	"time"

	"gatehouse.example/internal/protocol/jose"
)

type claims struct {
	Issuer   string            `json:"iss"`
	Audience jose.Audience     `json:"aud"`
	Expires  *jose.NumericDate `json:"exp"`
}

func TestDecode_RS8_RS6_Claims(t *testing.T) {
	for _, c := range []struct {
		name, text string
		good       bool
	}{
		{"RS8 unknown claims", `{"iss":"me","new":{"deep":[1]},"aud":"a","exp":1}`, true},
		{"RS8 nothing", `{}`, true},
		{"RS6 a claim twice", `{"iss":"me","iss":"you"}`, false},
		{"RS6 an unknown claim twice", `{"x":1,"x":2}`, false},
		{"RS6 iss is a number", `{"iss":1}`, false},
		{"RS6 no object", `[]`, false},
		{"RS6 two objects", `{}{}`, false},
		{"RS6 text behind", `{} x`, false},
		{"RS6 aud is an object", `{"aud":{}}`, false},
		{"RS6 aud is a number", `{"aud":1}`, false},
		{"RS6 aud has a number", `{"aud":["a",1]}`, false},
		{"RS6 aud is null", `{"aud":null}`, false},
		{"RS6 exp as text", `{"exp":"1700000000"}`, false},
		{"RS6 exp negative", `{"exp":-1}`, false},
		{"RS6 exp past the year 9999", `{"exp":253402300800}`, false},
		{"RS6 exp beyond every number", `{"exp":1e999}`, false},
		{"RS6 exp true", `{"exp":true}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got claims
			if err := jose.Decode([]byte(c.text), &got); (err == nil) != c.good {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestDecode_RS6_NamesAreCaseSensitive(t *testing.T) {
	var got claims
	if err := jose.Decode([]byte(`{"iss":"me","ISS":"you","AUD":"them","EXP":1}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.Issuer != "me" || got.Audience.Has("them") || got.Expires != nil {
		t.Errorf("got %+v", got)
	}
}

func TestAudience_BothForms(t *testing.T) {
	for text, want := range map[string]jose.Audience{
		`"a"`:       {Values: []string{"a"}},
		`["a"]`:     {Values: []string{"a"}, Array: true},
		`["a","b"]`: {Values: []string{"a", "b"}, Array: true},
		`[]`:        {Array: true},
	} {
		var got jose.Audience
		if err := jose.Decode([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.Array != want.Array || len(got.Values) != len(want.Values) || got.Has("b") != want.Has("b") || got.Has("a") != want.Has("a") {
			t.Errorf("%s is %+v", text, got)
		}
		if back, err := got.MarshalJSON(); err != nil || string(back) != text {
			t.Errorf("%s is written as %s, %v", text, back, err)
		}
	}
	if text, err := jose.OneAudience("a").MarshalJSON(); err != nil || string(text) != `"a"` {
		t.Errorf("one audience is %s, %v", text, err)
	}
}

func TestNumericDate_Values(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1700000000": 1700000000, "1700000000.9": 1700000000, "17e8": 1700000000, "253402300799": 253402300799} {
		var d jose.NumericDate
		if err := d.UnmarshalJSON([]byte(text)); err != nil || int64(d) != want {
			t.Errorf("%s is %d, %v; want %d", text, d, err, want)
		}
	}
	now := time.Unix(1700000000, 999)
	if d := jose.DateOf(now); !d.Time().Equal(time.Unix(1700000000, 0)) {
		t.Errorf("%v became %v", now, d.Time())
	}
}
