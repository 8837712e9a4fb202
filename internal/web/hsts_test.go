package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"gatehouse.example/internal/web"
)

const hsts = "max-age=63072000; includeSubDomains; preload"

func TestHSTS_N7_ByHost(t *testing.T) {
	for host, want := range map[string]string{
		"api.bank.example":       hsts,
		"api.bank.example:8443":  hsts,
		"api.bank.example.":      hsts,
		"notlocalhost":           hsts,
		"localhost.bank.example": hsts,
		"localhost":              "",
		"LocalHost:9441":         "",
		"localhost.":             "",
		"demo.localhost":         "",
		"demo.LOCALHOST:9441":    "",
		"127.0.0.1":              "",
		"127.0.0.1:9441":         "",
		"[::1]":                  "",
		"[::1]:9441":             "",
		"[2001:db8::1]":          "",
		"203.0.113.7:443":        "",
		"":                       "",
	} {
		t.Run("N7 "+host, func(t *testing.T) {
			if got := web.HSTS(host); got != want {
				t.Errorf("HSTS(%q) = %q, want %q", host, got, want)
			}
		})
	}
}

func TestWithHSTS_N7_OnErrorsAndRedirectsToo(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"N7 success":   http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		"N7 redirect":  http.RedirectHandler("https://bank.example/", http.StatusSeeOther),
		"N7 not found": http.NotFoundHandler(),
		"N7 refusal":   web.API(func(http.ResponseWriter, *http.Request) error { return errors.New("no") }, web.RenderOAuth),
		"N7 panic":     web.API(func(http.ResponseWriter, *http.Request) error { panic("no") }, web.RenderOAuth),
	} {
		t.Run(name, func(t *testing.T) {
			for url, want := range map[string]string{
				"https://api.bank.example/": hsts,
				"https://localhost:9441/":   "",
				"http://api.bank.example/":  "", // RFC 6797 §7.2: never over plain HTTP
			} {
				w := httptest.NewRecorder()
				web.WithHSTS(h).ServeHTTP(w, httptest.NewRequest("GET", url, nil))
				if got := w.Header().Get("Strict-Transport-Security"); got != want {
					t.Errorf("%s: %q, want %q", url, got, want)
				}
			}
		})
	}
}
