package jwks_test

import (
	"strings"
	"testing"

	"gatehouse.example/internal/jwks"
)

func TestMetadata_C4_RS24_CL8(t *testing.T) {
	cases := []struct{ name, body, want, reason string }{
		{"RS24 good", `{"issuer":"https://as.example","jwks_uri":"https://keys.example/jwks","other":[1]}`, "https://keys.example/jwks", ""},
		{"CL8 another issuer", `{"issuer":"https://evil.example","jwks_uri":"https://as.example/jwks"}`, "", "is of issuer"},
		{"CL8 issuer with a slash more", `{"issuer":"https://as.example/","jwks_uri":"https://as.example/jwks"}`, "", "is of issuer"},
		{"CL8 no issuer", `{"jwks_uri":"https://as.example/jwks"}`, "", "is of issuer"},
		{"RS24 no jwks_uri", `{"issuer":"https://as.example"}`, "", "no jwks_uri"},
		{"C4 jwks_uri over http", `{"issuer":"https://as.example","jwks_uri":"http://as.example/jwks"}`, "", "not an https URL"},
		{"C4 jwks_uri is a file", `{"issuer":"https://as.example","jwks_uri":"file:///etc/passwd"}`, "", "not an https URL"},
		{"RS24 issuer twice", `{"issuer":"https://evil.example","issuer":"https://as.example","jwks_uri":"https://as.example/jwks"}`, "", "cannot be read"},
		{"RS24 not JSON", `<html>`, "", "cannot be read"},
		{"RS24 an array", `[]`, "", "cannot be read"},
		{"RS24 nothing", ``, "", "cannot be read"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := jwks.ParseMetadata([]byte(c.body), issuer)
			if got != c.want || (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(newAuthority().metadata))
	f.Add([]byte(`{"issuer":"https://as.example","jwks_uri":"http://as.example"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		uri, err := jwks.ParseMetadata(body, issuer)
		if err == nil && !strings.HasPrefix(strings.ToLower(uri), "https://") {
			t.Errorf("%q gives the keys' place %q", body, uri)
		}
	})
}

// FuzzKeySet holds that what is read is public and large enough, and can be
// written and read again as the same set.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(newAuthority("one", "two").keys))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		set, digest, err := jwks.ParseKeys(body)
		if err != nil {
			return
		}
		for _, k := range set.Keys() {
			if !k.IsPublic() || !k.Valid() || k.Use != "" && k.Use != "sig" {
				t.Errorf("a key that must not be in the set: %+v", k)
			}
		}
		text, err := set.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := jwks.ParseKeys(text)
		if err != nil || again != digest {
			t.Errorf("the set changes when it is written and read again: %v\n%s", err, text)
		}
	})
}
