package proxy

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"testing"

	"gatehouse.example/internal/web"
)

// BenchmarkRewrite is what the gateway adds to ReverseProxy's own work on a
// request's headers.
func BenchmarkRewrite(b *testing.B) {
	in := httptest.NewRequest("GET", "/accounts", nil)
	in.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"bench"}, "Authorization": {"Bearer x"}}
	x := &exchange{u: &Upstream{host: "bank.example"}, pass: Pass{Assertion: "a.b.c", Host: "api.example", Source: "192.0.2.1", Trace: web.StartTrace(in)}}
	b.ReportAllocs()
	for b.Loop() {
		out := *in
		out.Header = in.Header.Clone()
		x.rewrite(&httputil.ProxyRequest{In: in, Out: &out})
	}
}
