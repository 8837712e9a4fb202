package fapiclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// maxMetadata bounds a metadata document, in bytes.
const maxMetadata = 256 << 10

// Server is an authorization server whose metadata was fetched from its
// issuer and believed.
type Server struct{ metadata oauth.ServerMetadata }

// Issuer is the server's issuer identifier, exactly as it was asked for.
func (s *Server) Issuer() string { return s.metadata.Issuer }

// Metadata returns a copy of what the server says of itself.
func (s *Server) Metadata() oauth.ServerMetadata {
	m := s.metadata
	m.MTLSEndpointAliases = maps.Clone(m.MTLSEndpointAliases)
	m.ScopesSupported = slices.Clone(m.ScopesSupported)
	m.ResponseTypesSupported = slices.Clone(m.ResponseTypesSupported)
	m.GrantTypesSupported = slices.Clone(m.GrantTypesSupported)
	m.TokenEndpointAuthMethodsSupported = slices.Clone(m.TokenEndpointAuthMethodsSupported)
	m.TokenEndpointAuthSigningAlgValuesSupported = slices.Clone(m.TokenEndpointAuthSigningAlgValuesSupported)
	m.DPoPSigningAlgValuesSupported = slices.Clone(m.DPoPSigningAlgValuesSupported)
	return m
}

// Discover fetches and judges the metadata of the issuer: [SendDiscovery],
// then [JudgeDiscovery]. The HTTP client says which roots to trust and how to
// dial; nil means the system's.
func Discover(ctx context.Context, httpClient *http.Client, issuer string) (*Server, error) {
	answer, err := SendDiscovery(ctx, httpClient, issuer)
	if err != nil {
		return nil, err
	}
	return JudgeDiscovery(issuer, answer)
}

// SendDiscovery asks for the metadata at the place that RFC 8414 §3.1 gives
// and, when that does not exist, at the one of OpenID Connect Discovery §4.
func SendDiscovery(ctx context.Context, httpClient *http.Client, issuer string) (*Answer, error) {
	places, err := wellKnown(issuer)
	if err != nil {
		return nil, err
	}
	w, err := newWire(httpClient, nil)
	if err != nil {
		return nil, err
	}
	defer w.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	var answer *Answer
	for _, place := range places {
		if answer, err = fetchMetadata(ctx, w, place); err != nil || answer.Status != http.StatusNotFound {
			return answer, err
		}
	}
	return answer, nil
}

func fetchMetadata(ctx context.Context, w *wire, place string) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	answer, err := w.exchange(req, maxMetadata)
	observe(ctx, describe("read the authorization server's metadata", req, answer, err))
	if err != nil {
		return nil, fmt.Errorf("reading the authorization server's metadata: %w", err)
	}
	return answer, nil
}

// wellKnown gives the two places of an issuer's metadata: RFC 8414 inserts
// before the issuer's path, OpenID Connect appends after it (AS1).
func wellKnown(issuer string) ([]string, error) {
	u, err := checkHTTPS(issuer)
	if err == nil && (u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#")) {
		err = errors.New("it has a query or a fragment")
	}
	if err != nil {
		return nil, stop("CL8", "The issuer must be an https URL without query or fragment.").because(err)
	}
	origin, path := "https://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	return []string{
		origin + "/.well-known/oauth-authorization-server" + path,
		origin + path + "/.well-known/openid-configuration",
	}, nil
}

// metadataState is what the steps of JudgeDiscovery pass on.
type metadataState struct {
	issuer   string
	answer   *Answer
	metadata oauth.ServerMetadata
}

// metadataSteps is the whole judgement of a metadata document.
var metadataSteps = []step[metadataState]{
	{"status is 200", "CL8", metadataStatus},
	{"media type is JSON", "CL8", metadataMediaType},
	{"body is one JSON object", "CL8", decodeMetadata},
	{"issuer is the one asked", "CL8", sameIssuer},
	{"token endpoint is there", "CL8", hasTokenEndpoint},
	{"endpoints are https", "CL8 CL6", endpointsHTTPS},
}

// JudgeDiscovery believes a metadata document only when it names the issuer
// that was asked, character by character (RFC 8414 §3.3), and https endpoints.
func JudgeDiscovery(issuer string, answer *Answer) (*Server, error) {
	s := metadataState{issuer: issuer, answer: answer}
	if err := run(metadataSteps, &s); err != nil {
		return nil, err
	}
	return &Server{s.metadata}, nil
}

func metadataStatus(s *metadataState) error {
	if s.answer.Status != http.StatusOK {
		return stop("CL8", "The issuer gave no metadata.").because(fmt.Errorf("it answered %d", s.answer.Status))
	}
	return nil
}

func metadataMediaType(s *metadataState) error {
	if !isJSON(s.answer.Header) {
		return stop("CL8", "The issuer's metadata is not sent as application/json.")
	}
	return nil
}

func decodeMetadata(s *metadataState) error {
	if err := jose.Decode(s.answer.Body, &s.metadata); err != nil {
		return stop("CL8", "The issuer's metadata is not well-formed JSON.").because(err)
	}
	return nil
}

func sameIssuer(s *metadataState) error {
	if s.metadata.Issuer != s.issuer {
		return stop("CL8", "The metadata belongs to another issuer than the one asked.")
	}
	return nil
}

func hasTokenEndpoint(s *metadataState) error {
	if s.metadata.TokenEndpoint == "" {
		return stop("CL8", "The metadata names no token endpoint.")
	}
	return nil
}

func endpointsHTTPS(s *metadataState) error {
	endpoints := append(slices.Collect(maps.Values(s.metadata.MTLSEndpointAliases)), s.metadata.TokenEndpoint)
	if s.metadata.JWKSURI != "" {
		endpoints = append(endpoints, s.metadata.JWKSURI)
	}
	for _, e := range endpoints {
		if _, err := checkHTTPS(e); err != nil {
			return stop("CL8", "The metadata names an endpoint that is not an https URL.").because(err)
		}
	}
	return nil
}

// isJSON tells whether an answer is sent as application/json.
func isJSON(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

// origin names where a nonce is good: scheme, host and port (RFC 9449 §9).
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return strings.ToLower(u.Hostname()) + " " + port
}
