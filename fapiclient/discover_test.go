package fapiclient_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse.example/fapiclient"
	"gatehouse.example/internal/leaveout"
)

const goodMetadata = `{"issuer":"https://as.example/bank","token_endpoint":"https://as.example/bank/token","jwks_uri":"https://as.example/jwks"`

func jsonAnswer(status int, body string) *fapiclient.Answer {
	return &fapiclient.Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

// metadataCases are documents that must not be believed.
var metadataCases = []struct {
	name, rule, reason string
	answer             func() *fapiclient.Answer
}{
	{"CL8 status 500", "CL8", "The issuer gave no metadata.", func() *fapiclient.Answer { return jsonAnswer(500, goodMetadata+`}`) }},
	{"CL8 redirect", "CL8", "The issuer gave no metadata.", func() *fapiclient.Answer { return jsonAnswer(302, goodMetadata+`}`) }},
	{"CL8 HTML", "CL8", "The issuer's metadata is not sent as application/json.", func() *fapiclient.Answer {
		a := jsonAnswer(200, goodMetadata+`}`)
		a.Header.Set("Content-Type", "text/html")
		return a
	}},
	{"CL8 not JSON", "CL8", "The issuer's metadata is not well-formed JSON.", func() *fapiclient.Answer { return jsonAnswer(200, "<html>") }},
	{"CL8 issuer twice", "CL8", "The issuer's metadata is not well-formed JSON.", func() *fapiclient.Answer {
		return jsonAnswer(200, goodMetadata+`,"issuer":"https://evil.example"}`)
	}},
	{"CL8 other issuer", "CL8", "The metadata belongs to another issuer than the one asked.", func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, "as.example/bank", "as.example/Bank", 1)+`}`)
	}},
	{"CL8 issuer with a slash more", "CL8", "The metadata belongs to another issuer than the one asked.", func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, `bank"`, `bank/"`, 1)+`}`)
	}},
	{"CL8 member in another case", "CL8", "The metadata belongs to another issuer than the one asked.", func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, `"issuer"`, `"Issuer"`, 1)+`}`)
	}},
	{"CL8 no token endpoint", "CL8", "The metadata names no token endpoint.", func() *fapiclient.Answer {
		return jsonAnswer(200, `{"issuer":"https://as.example/bank"}`)
	}},
	{"CL8 http token endpoint", "CL8", notHTTPS, func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, `"token_endpoint":"https:`, `"token_endpoint":"http:`, 1)+`}`)
	}},
	{"CL8 http keys", "CL8", notHTTPS, func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, `"jwks_uri":"https:`, `"jwks_uri":"http:`, 1)+`}`)
	}},
	{"CL6 alias that is not https", "CL8", notHTTPS, func() *fapiclient.Answer {
		return jsonAnswer(200, goodMetadata+`,"mtls_endpoint_aliases":{"token_endpoint":"http://as.example/token"}}`)
	}},
	{"CL8 endpoint with a user", "CL8", notHTTPS, func() *fapiclient.Answer {
		return jsonAnswer(200, strings.Replace(goodMetadata, `"token_endpoint":"https://`, `"token_endpoint":"https://as.example@evil.example/`, 1)+`}`)
	}},
}

const notHTTPS = "The metadata names an endpoint that is not an https URL."

func TestJudgeDiscovery_CL8_CL6_RefusalsByReason(t *testing.T) {
	for _, c := range metadataCases {
		t.Run(c.name, func(t *testing.T) {
			_, err := fapiclient.JudgeDiscovery(issuer, c.answer())
			wantStop(t, err, c.rule, c.reason)
		})
	}
	t.Run("CL8 the honest document", func(t *testing.T) {
		s, err := fapiclient.JudgeDiscovery(issuer, jsonAnswer(200, goodMetadata+`,"unknown":[1]}`))
		if err != nil || s.Issuer() != issuer || s.Metadata().TokenEndpoint != "https://as.example/bank/token" {
			t.Fatal(s, err)
		}
	})
}

func TestJudgeDiscovery_CL8_CL6_EveryStepIsNeeded(t *testing.T) {
	var cases []leaveout.Case
	for _, c := range metadataCases {
		id, _, _ := strings.Cut(c.name, " ")
		cases = append(cases, leaveout.Case{Name: c.name, IDs: id, Holds: func() bool {
			_, err := fapiclient.JudgeDiscovery(issuer, c.answer())
			return stopped(err, c.rule, c.reason)
		}})
	}
	leaveout.EachStep(t, fapiclient.MetadataSteps(), fapiclient.WithoutMetadataStep, cases)
}

func TestWellKnown_CL8_BothForms(t *testing.T) {
	for _, c := range []struct{ issuer, rfc8414, oidc string }{
		{"https://as.example", "https://as.example/.well-known/oauth-authorization-server", "https://as.example/.well-known/openid-configuration"},
		{"https://as.example/", "https://as.example/.well-known/oauth-authorization-server", "https://as.example/.well-known/openid-configuration"},
		{"https://as.example:9/a/b", "https://as.example:9/.well-known/oauth-authorization-server/a/b", "https://as.example:9/a/b/.well-known/openid-configuration"},
	} {
		got, err := fapiclient.WellKnown(c.issuer)
		if err != nil || !slices.Equal(got, []string{c.rfc8414, c.oidc}) {
			t.Errorf("CL8 %s: %q, %v", c.issuer, got, err)
		}
	}
	for _, bad := range []string{"", "http://as.example", "https://", "https://as.example?x=1", "https://as.example?", "https://as.example#", "https://u@as.example", "as.example", "https:as.example", "https://as.example/%zz"} {
		_, err := fapiclient.WellKnown(bad)
		wantStop(t, err, "CL8", "The issuer must be an https URL without query or fragment.")
	}
}

func TestDiscover_CL8_FallsBackOnlyOnNotFound(t *testing.T) {
	n := newNetwork()
	defer n.close()
	var asked []string
	status := http.StatusNotFound
	n.serve("as.example:443", tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if !strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(goodMetadata + "}"))
	}))
	if _, err := fapiclient.Discover(t.Context(), n.client(), issuer); err != nil {
		t.Fatal(err)
	}
	wantLines(t, asked, "/.well-known/oauth-authorization-server/bank", "/bank/.well-known/openid-configuration")

	asked, status = nil, http.StatusFound
	_, err := fapiclient.Discover(t.Context(), n.client(), issuer)
	wantStop(t, err, "CL8", "The issuer gave no metadata.")
	wantLines(t, asked, "/.well-known/oauth-authorization-server/bank")
}

func TestDiscover_CL8_OversizedAnswer(t *testing.T) {
	n := newNetwork()
	defer n.close()
	n.serve("as.example:443", tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(goodMetadata + `,"x":"` + strings.Repeat("x", 256<<10) + `"}`))
	}))
	_, err := fapiclient.Discover(t.Context(), n.client(), issuer)
	wantStop(t, err, "CL8", "The server's answer is larger than any honest one.")
}
