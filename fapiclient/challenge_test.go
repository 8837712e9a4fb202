package fapiclient_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.example/fapiclient"
)

func TestReadChallenges_RS12(t *testing.T) {
	type c = fapiclient.Challenge
	type p = map[string]string
	for _, tc := range []struct {
		name   string
		fields []string
		want   []c
	}{
		{"RS12 one", []string{`DPoP error="invalid_token", algs="ES256 PS256"`}, []c{{"DPoP", p{"error": "invalid_token", "algs": "ES256 PS256"}}}},
		{"RS12 two in one field", []string{`Bearer realm="a, b", dpop ERROR=use_dpop_nonce`}, []c{{"Bearer", p{"realm": "a, b"}}, {"dpop", p{"error": "use_dpop_nonce"}}}},
		{"RS12 two fields", []string{`Bearer`, `DPoP`}, []c{{"Bearer", p{}}, {"DPoP", p{}}}},
		{"RS12 bare schemes in one field", []string{`Negotiate, Bearer , DPoP a=b`}, []c{{"Negotiate", p{}}, {"Bearer", p{}}, {"DPoP", p{"a": "b"}}}},
		{"RS12 empty items and odd spaces", []string{` , DPoP  a = "b" ,, c	=d,`}, []c{{"DPoP", p{"a": "b", "c": "d"}}}},
		{"RS12 escapes", []string{`DPoP error_description="say \"no\", \\ and go"`}, []c{{"DPoP", p{"error_description": `say "no", \ and go`}}}},
		{"RS12 control characters", []string{"DPoP error_description=\"a\x1b[31mb\""}, []c{{"DPoP", p{"error_description": "a [31mb"}}}},
		{"RS12 malformed field among good ones", []string{`DPoP "x"`, `Bearer a=b`}, []c{{"Bearer", p{"a": "b"}}}},
		{"RS12 parameter twice", []string{`DPoP a=b, A=c`}, nil},
		{"RS12 parameter without scheme", []string{`a=b`}, nil},
		{"RS12 token68", []string{`Negotiate abc==`}, nil},
		{"RS12 quotation without end", []string{`DPoP a="b`}, nil},
		{"RS12 quotation ends in a backslash", []string{`DPoP a="b\`}, nil},
		{"RS12 rubbish after a quotation", []string{`DPoP a="b"c`}, nil},
		{"RS12 no space after the scheme", []string{`DPoP"a"`}, nil},
		{"RS12 nothing", []string{"", " ", ",,"}, nil},
		{"RS12 too many", []string{strings.Repeat("DPoP,", 17)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := fapiclient.ReadChallenges(http.Header{"Www-Authenticate": tc.fields})
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if !(c{Scheme: "dPoP"}).Is("DPoP") {
		t.Error("RS12 a scheme is compared without regard to case")
	}
}

// What the parser understands it must understand again after it is written
// out in the plainest way.
func FuzzParseChallenges(f *testing.F) {
	f.Add(`DPoP error="use_dpop_nonce", algs="ES256 PS256 EdDSA"`)
	f.Add(`Bearer realm="a, \"b\"", DPoP a=b,,c = d`)
	f.Fuzz(func(t *testing.T, field string) {
		first, err := fapiclient.ParseChallenges(field)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, c := range first {
			b.WriteString(c.Scheme + " ")
			for name, value := range c.Parameters {
				b.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `", `)
			}
			b.WriteString(", ")
		}
		second, err := fapiclient.ParseChallenges(b.String())
		if err != nil {
			t.Fatalf("%q was read, but %q was not: %v", field, b.String(), err)
		}
		if d := cmp.Diff(first, second); d != "" {
			t.Fatalf("%q: %s", field, d)
		}
	})
}
