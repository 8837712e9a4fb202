package fapiclient_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/fapiclient"
)

// inBubble runs a test on fake time, over a network without sockets.
func inBubble(t *testing.T, test func(t *testing.T, s *setup, c *fapiclient.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, time.Now)
		test(t, s, s.client(t))
	})
}

// call sends one GET through the round tripper and returns its status.
func call(t *testing.T, rt http.RoundTripper) int {
	t.Helper()
	resp, err := rt.RoundTrip(newRequest(t, "GET", "https://api.example/a", nil))
	return status(t, resp, err)
}

// tokensAsked counts the requests that the token endpoint answered.
func (s *setup) tokensAsked() int {
	n := 0
	for _, l := range s.lines() {
		if strings.Contains(l, "POST /bank/token") {
			n++
		}
	}
	return n
}

func TestTransport_CL1_OneFetchForAllWhoWait(t *testing.T) {
	inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
		rt := c.Transport(fapiclient.TokenRequest{Scope: "accounts.read"})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got := call(t, rt); got != 200 {
					t.Errorf("status %d", got)
				}
			})
		}
		wg.Wait()
		if n := s.tokensAsked(); n != 1 {
			t.Errorf("%d tokens were asked for", n)
		}
	})
}

func TestTransport_CL16_RenewsAheadOfTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
		rt := c.Transport(fapiclient.TokenRequest{})
		for _, step := range []struct {
			wait  time.Duration
			asked int
			used  string
		}{
			{0, 1, "at.1"},
			{569 * time.Second, 1, "at.1"}, // 31 s left
			{1 * time.Second, 2, "at.1"},   // 30 s left: the old one still serves
			{0, 2, "at.2"},
			{600 * time.Second, 3, "at.3"}, // ended: it waits
		} {
			time.Sleep(step.wait)
			used := ""
			s.fake.api = func(_ http.ResponseWriter, r *http.Request) { used = r.Header.Get("Authorization") }
			if got := call(t, rt); got != 200 {
				t.Fatalf("status %d", got)
			}
			synctest.Wait()
			if n := s.tokensAsked(); n != step.asked || used != "DPoP "+step.used {
				t.Errorf("after %v more: %d tokens asked for, %s used; want %d, %s", step.wait, n, used, step.asked, step.used)
			}
		}
	})
}

func TestTransport_CL16_ShortAndUnknownLives(t *testing.T) {
	for _, tc := range []struct {
		name        string
		lifetime    int
		good, due   time.Duration // since issue
		tokensAfter int
	}{
		{"CL16 ten seconds: renewed in the last fifth", 10, 7 * time.Second, 8 * time.Second, 2},
		{"CL16 not said: five minutes", 0, 4*time.Minute + 29*time.Second, 4*time.Minute + 30*time.Second, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
				s.lifetime = tc.lifetime
				rt := c.Transport(fapiclient.TokenRequest{})
				call(t, rt)
				time.Sleep(tc.good)
				call(t, rt)
				synctest.Wait()
				if n := s.tokensAsked(); n != 1 {
					t.Errorf("renewed too early: %d", n)
				}
				time.Sleep(tc.due - tc.good)
				call(t, rt)
				synctest.Wait()
				if n := s.tokensAsked(); n != tc.tokensAfter {
					t.Errorf("%d tokens were asked for", n)
				}
			})
		})
	}
}

func TestTransport_CL16_OldTokenServesWhileRenewingFails(t *testing.T) {
	inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
		rt := c.Transport(fapiclient.TokenRequest{})
		call(t, rt)
		s.token = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
		time.Sleep(575 * time.Second)
		for range 5 { // only the first of these asks; then there is a pause
			if got := call(t, rt); got != 200 {
				t.Fatalf("status %d", got)
			}
			synctest.Wait()
		}
		if n := s.tokensAsked(); n != 2 {
			t.Errorf("%d tokens were asked for", n)
		}
		time.Sleep(25 * time.Second) // now it has ended
		resp, err := rt.RoundTrip(newRequest(t, "GET", "https://api.example/a", nil))
		if resp != nil {
			_ = resp.Body.Close()
		}
		var refusal *fapiclient.ServerError
		if !errors.As(err, &refusal) || refusal.Status != 503 {
			t.Fatalf("got %v", err)
		}
		s.token = nil
		if got := call(t, rt); got != 200 {
			t.Fatalf("status %d once the server is back", got)
		}
	})
}

func TestTransport_CL7_RefusedTokenIsDroppedButNothingIsSentTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
		rt := c.Transport(fapiclient.TokenRequest{})
		call(t, rt)
		s.mu.Lock()
		clear(s.live) // revoked
		s.mu.Unlock()
		before := len(s.lines())
		if got := call(t, rt); got != 401 {
			t.Fatalf("status %d", got)
		}
		wantLines(t, s.lines()[before:], "api.example GET /a: invalid_token: unknown")
		if got := call(t, rt); got != 200 {
			t.Fatalf("status %d", got)
		}
	})
}

func TestTransport_CL1_OneWhoGivesUpDoesNotStopTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *setup, c *fapiclient.Client) {
		release := make(chan struct{})
		s.token = func(w http.ResponseWriter, r *http.Request) {
			<-release
			if err := s.grant(w, r); err != nil {
				t.Error(err)
			}
		}
		rt := c.Transport(fapiclient.TokenRequest{})
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan int, 1)
		body := &closable{Reader: strings.NewReader("x")}
		go func() {
			resp, err := rt.RoundTrip(newRequest(t, "POST", "https://api.example/a", body).WithContext(ctx))
			if resp != nil {
				_ = resp.Body.Close()
			}
			first <- err
		}()
		synctest.Wait()
		go func() { second <- call(t, rt) }()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) || !body.closed {
			t.Errorf("the first got %v, body closed: %v", err, body.closed)
		}
		close(release)
		if got := <-second; got != 200 {
			t.Errorf("the second got %d", got)
		}
	})
}

func TestTransport_CL8_RedirectIsNotFollowedWithAToken(t *testing.T) {
	s := newSetup(t, atNoon)
	s.fake.api = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://api2.example:8443/", http.StatusFound)
	}
	hc := &http.Client{Transport: s.client(t).Transport(fapiclient.TokenRequest{})}
	resp, err := hc.Get("https://api.example/a")
	if resp != nil {
		_ = resp.Body.Close()
	}
	wantStop(t, err, "CL8", "A redirect is not followed with a token.")
}

func TestTransport_CL7_BodyIsReplayedOnlyThroughGetBody(t *testing.T) {
	s := newSetup(t, atNoon)
	s.apiNonce = "n"
	hc := &http.Client{Transport: s.client(t).Transport(fapiclient.TokenRequest{})}
	for _, tc := range []struct {
		name, nonce string
		body        io.Reader
		want        int
	}{
		{"CL7 strings.Reader", "n-1", strings.NewReader("x"), 200},
		{"CL7 stream", "n-2", io.MultiReader(strings.NewReader("x")), 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.apiNonce = tc.nonce
			resp, err := hc.Post("https://api.example/payments", "text/plain", tc.body)
			if got := status(t, resp, err); got != tc.want {
				t.Errorf("status %d", got)
			}
		})
	}
}
