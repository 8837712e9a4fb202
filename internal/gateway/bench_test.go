package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// writer is a ResponseWriter that costs next to nothing.
type writer struct {
	h      http.Header
	status int
}

func (w *writer) Header() http.Header         { return w.h }
func (w *writer) WriteHeader(status int)      { w.status = status }
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkProxy is the whole handler, assertion and audit included, with an
// upstream over TLS; the listener's own work is not in it.
func BenchmarkProxy(b *testing.B) {
	run := func(name string, prepare func(bed *bed, i int) *http.Request) {
		b.Run(name, func(b *testing.B) {
			bed := newBed(b)
			bed.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"accounts":[]}`) }
			requests := make([]*http.Request, b.N)
			for i := range requests {
				requests[i] = prepare(bed, i)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, r := range requests {
				w := writer{h: http.Header{}}
				if bed.handler.ServeHTTP(&w, r); w.status != 200 {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
	// As if a listener had read it: the context can be cancelled.
	certified := func(bed *bed, path, token string) *http.Request {
		r := httptest.NewRequestWithContext(b.Context(), "GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("User-Agent", "bench")
		return r
	}
	var token string
	run("token seen before", func(bed *bed, i int) *http.Request {
		if i == 0 {
			token = bed.token(bed.byCertificate())
		}
		return over(certified(bed, "/accounts", token), bed.partner)
	})
	run("every token new", func(bed *bed, i int) *http.Request {
		return over(certified(bed, "/accounts", bed.token(bed.byCertificate(), set("n", i))), bed.partner)
	})
	run("every assertion new", func(bed *bed, i int) *http.Request {
		if i == 0 {
			token = bed.token(bed.byCertificate())
		}
		return over(certified(bed, fmt.Sprintf("/accounts/%d", i), token), bed.partner)
	})
	run("token seen before and DPoP", func(bed *bed, i int) *http.Request {
		if i == 0 {
			token = bed.token()
		}
		return bed.proved(httptest.NewRequestWithContext(b.Context(), "GET", "/accounts", nil), token)
	})
}

// BenchmarkUpstreamAlone is the same exchange by the transport alone, to tell
// what the gateway adds.
func BenchmarkUpstreamAlone(b *testing.B) {
	bed := newBed(b)
	bed.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"accounts":[]}`) }
	client := bed.upstream.Client()
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Get(bed.upstream.URL + "/accounts")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}
