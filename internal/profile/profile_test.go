package profile_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse.example/internal/profile"
)

func fapi2(t *testing.T) profile.Profile {
	t.Helper()
	p, err := profile.Parse("fapi2")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFAPI2_C1_SigningAlgorithms(t *testing.T) {
	p := fapi2(t)
	for alg, want := range map[string]bool{
		"ES256": true, "PS256": true, "EdDSA": true,
		"none": false, "HS256": false, "RS256": false, "ES384": false, "PS512": false, "es256": false, "": false,
	} {
		t.Run("C1 "+alg, func(t *testing.T) {
			if got := p.AllowsSigning(alg); got != want {
				t.Errorf("allowed: %t, want %t", got, want)
			}
		})
	}
	if !slices.Equal(p.SigningAlgorithms(), []string{"ES256", "PS256", "EdDSA"}) {
		t.Errorf("algorithms are %q", p.SigningAlgorithms())
	}
}

func TestFAPI2_AS7_AS8_ClientAuthentication(t *testing.T) {
	p := fapi2(t)
	for method, want := range map[string]bool{
		"private_key_jwt": true, "tls_client_auth": true,
		"none": false, "client_secret_basic": false, "client_secret_post": false, "client_secret_jwt": false, "": false,
	} {
		t.Run("AS8 "+method, func(t *testing.T) {
			if got := p.AllowsClientAuth(method); got != want {
				t.Errorf("allowed: %t, want %t", got, want)
			}
		})
	}
	if len(p.ClientAuthMethods()) != 2 {
		t.Errorf("methods are %q", p.ClientAuthMethods())
	}
}

func TestFAPI2_AS6_GrantTypes(t *testing.T) {
	p := fapi2(t)
	for grant, want := range map[string]bool{
		"client_credentials": true,
		"password":           false, "implicit": false, "refresh_token": false, "": false,
	} {
		t.Run("AS6 "+grant, func(t *testing.T) {
			if got := p.AllowsGrant(grant); got != want {
				t.Errorf("allowed: %t, want %t", got, want)
			}
		})
	}
	if !slices.Equal(p.GrantTypes(), []string{"client_credentials"}) {
		t.Errorf("grant types are %q", p.GrantTypes())
	}
}

func TestParse_RefusesByName(t *testing.T) {
	for name, want := range map[string]string{
		"fapi2-message-signing": "is not available in this release; use fapi2",
		"oauth21":               "is not available in this release; use fapi2",
		"fapi1":                 "is unknown; the profiles are fapi2, fapi2-message-signing, oauth21",
		"FAPI2":                 "is unknown",
		"":                      "is unknown",
	} {
		if _, err := profile.Parse(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
	if got := fapi2(t).Name(); got != "fapi2" {
		t.Errorf("name is %q", got)
	}
}

func TestZeroProfile_RS25_AnswersNothing(t *testing.T) {
	for name, ask := range map[string]func(profile.Profile){
		"RS25 algorithm": func(p profile.Profile) { p.AllowsSigning("ES256") },
		"RS25 method":    func(p profile.Profile) { p.AllowsClientAuth("private_key_jwt") },
		"RS25 grant":     func(p profile.Profile) { p.AllowsGrant("client_credentials") },
		"RS25 name":      func(p profile.Profile) { p.Name() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a profile that nobody chose gives an answer")
				}
			}()
			ask(profile.Profile{})
		})
	}
}
