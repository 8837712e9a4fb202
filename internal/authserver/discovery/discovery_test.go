package discovery_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"gatehouse.example/internal/authserver/discovery"
	"gatehouse.example/internal/profile"
	"gatehouse.example/oauth"
)

func facts(t *testing.T) discovery.Facts {
	t.Helper()
	p, err := profile.Parse("fapi2")
	if err != nil {
		t.Fatal(err)
	}
	return discovery.Facts{
		Issuer: "https://as.example", Profile: p,
		TokenEndpoint: "https://as.example/token", JWKSURI: "https://as.example/jwks.json",
		Scopes:            oauth.Scopes{"payments.write", "accounts.read"},
		MTLSTokenEndpoint: "https://mtls.as.example/token", ClientCertificates: true,
	}
}

func TestMetadata_AS4_N10_SaysExactlyWhatIsOffered(t *testing.T) {
	algorithms := []string{"ES256", "PS256", "EdDSA"}
	whole := oauth.ServerMetadata{
		Issuer: "https://as.example", TokenEndpoint: "https://as.example/token", JWKSURI: "https://as.example/jwks.json",
		ScopesSupported: []string{"accounts.read", "payments.write"}, ResponseTypesSupported: []string{},
		GrantTypesSupported:                        []string{"client_credentials"},
		TokenEndpointAuthMethodsSupported:          []string{"private_key_jwt", "tls_client_auth"},
		TokenEndpointAuthSigningAlgValuesSupported: algorithms,
		DPoPSigningAlgValuesSupported:              algorithms,
		TLSClientCertificateBoundAccessTokens:      true,
		MTLSEndpointAliases:                        map[string]string{"token_endpoint": "https://mtls.as.example/token"},
	}
	front := whole
	front.TokenEndpointAuthMethodsSupported = []string{"private_key_jwt"}
	front.TLSClientCertificateBoundAccessTokens, front.MTLSEndpointAliases = false, nil
	unjudged := whole
	unjudged.TokenEndpointAuthMethodsSupported = []string{"private_key_jwt"}
	for _, c := range []struct {
		name string
		edit func(*discovery.Facts)
		want oauth.ServerMetadata
	}{
		{"AS4 everything", func(*discovery.Facts) {}, whole},
		{"AS4 no mTLS listener", func(f *discovery.Facts) { f.MTLSTokenEndpoint = "" }, front},
		{"AS4 an mTLS listener and no CA of clients", func(f *discovery.Facts) { f.ClientCertificates = false }, unjudged},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t)
			c.edit(&f)
			if got := discovery.Metadata(f); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestDocument_AS1_IsReadByGETAndMayBeKept(t *testing.T) {
	h, err := discovery.Document(map[string]string{"issuer": "https://as.example/a&b"})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"issuer":"https://as.example/a&b"}` + "\n"
	for _, c := range []struct {
		method, body, cache string
		status              int
	}{
		{"GET", body, "public, max-age=600", 200},
		{"HEAD", body, "public, max-age=600", 200}, // net/http drops the body
		{"POST", `{"error":"invalid_request","error_description":"This document is read by GET."}` + "\n", "no-store", 405},
	} {
		t.Run("AS1 "+c.method, func(t *testing.T) {
			r := httptest.NewRecorder()
			h.ServeHTTP(r, httptest.NewRequest(c.method, "/", http.NoBody))
			if r.Code != c.status || r.Body.String() != c.body || r.Header().Get("Cache-Control") != c.cache || r.Header().Get("Content-Type") != "application/json" {
				t.Errorf("got %d %q %v", r.Code, r.Body.String(), r.Header())
			}
			if c.status == 405 && r.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow is %q", r.Header().Get("Allow"))
			}
		})
	}
}
