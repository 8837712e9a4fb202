package proxy_test

import (
	"strings"
	"testing"

	"gatehouse.example/internal/gateway/proxy"
)

func TestStrip_RS19_RS20_WhatClientsMayNotSend(t *testing.T) {
	for _, name := range []string{
		"Authorization", "DPoP", "Dpop", "Proxy-Authorization", "Proxy-Connection",
		"X-Client-Verify", "X-Client-Cert-DN", "X-Client-Cert-Fp", "X-Client-Cert", "X-Client-Anything",
		"Client-Cert", "Client-Cert-Chain",
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Client-Cert", "X-Forwarded-Prefix",
		"X-Real-IP", "True-Client-IP", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "SSL-Client-Cert", "SSL_CLIENT_S_DN",
		"Remote-User", "X-Remote-User", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
		"Gatehouse-Assertion", "Gatehouse-Anything", "Proxy",
		"X-Forwarded", "CF-Connecting-IP", "X-Cluster-Client-IP", "X-Remote-Addr", "X-Auth-Request-User", "X-Authenticated-Userid", "X-Consumer-Username", "X-Credential-Identifier",
		"X-Original-URI", "X-Original-Method", "X-Original-Host", "X-Host", "X-TLS-Client-Cert", "X-Amzn-Mtls-Clientcert", "X-ARR-ClientCert", "X-Envoy-Original-Path",
	} {
		spellings := []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ToLower(strings.ReplaceAll(name, "-", "_")), strings.Replace(name, "-", "_", 1), strings.ReplaceAll(name, "-", "."), strings.ReplaceAll(name, "-", "~")}
		for _, s := range spellings {
			t.Run("RS19 "+s, func(t *testing.T) {
				if !proxy.Stripped(s) {
					t.Errorf("%s reaches the upstream", s)
				}
			})
		}
	}
	long := "X-Client-" + strings.Repeat("a", 1000)
	if !proxy.Stripped(long) {
		t.Error("RS19 a long name with a stripped prefix reaches the upstream")
	}
	for _, name := range []string{
		"", "Accept", "Content-Type", "Content-Length", "Idempotency-Key", "User-Agent", "Traceparent", "Cookie", "X-Request-Id", "X-Client",
		"Clientcert", "Gatehouse", "X-Fapi-Interaction-Id", "Authorization-Details", strings.Repeat("a", 1000),
	} {
		if proxy.Stripped(name) {
			t.Errorf("%q is stripped", name)
		}
	}
}

func BenchmarkStripped(b *testing.B) {
	names := []string{"Accept", "Accept-Encoding", "User-Agent", "Authorization", "X-Request-Id"}
	b.ReportAllocs()
	for b.Loop() {
		for _, n := range names {
			proxy.Stripped(n)
		}
	}
}
