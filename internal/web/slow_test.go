package web_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

const bodyLimit = 10 * time.Second

// A client that sends its body drop by drop is answered and hung up on when
// the limit is over, whether its form was being read or had been refused.
func TestBodyWithin_AS19_ASlowBodyEnds(t *testing.T) {
	for _, c := range []struct {
		name        string
		contentType string
		status      int
	}{
		{"AS19 a form that does not end", formType, http.StatusRequestTimeout},
		{"AS19 a body that nobody reads", "text/plain", http.StatusUnsupportedMediaType},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := serveForms(t)
				begun := time.Now()
				dripped := make(chan struct{})
				go func() {
					drip(client, c.contentType)
					close(dripped)
				}()
				res, err := http.ReadResponse(bufio.NewReader(client), nil)
				if err != nil {
					t.Fatal(err)
				}
				body := text(t, res)
				if res.StatusCode != c.status || !strings.Contains(body, `"error":"invalid_request"`) || !res.Close {
					t.Errorf("got %d %s, connection ends: %v", res.StatusCode, body, res.Close)
				}
				if took := time.Since(begun); took > bodyLimit+time.Second {
					t.Errorf("the connection was held for %s", took)
				}
				_ = client.Close()
				<-dripped
			})
		})
	}
}

// The limit is the body's: a connection goes on after it, however slow its
// handler is.
func TestBodyWithin_AS19_TheLimitEndsWithTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serveForms(t)
		answers := bufio.NewReader(client)
		for range 2 {
			go func() {
				_, _ = io.WriteString(client, "POST /slow HTTP/1.1\r\nHost: as.example\r\nContent-Type: "+formType+"\r\nContent-Length: 3\r\n\r\na=b")
			}()
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body := text(t, res); res.StatusCode != 200 || body != "true\n" {
				t.Errorf("got %d %s", res.StatusCode, body)
			}
		}
	})
}

// drip sends the beginning of a request, and then a byte each second.
func drip(client net.Conn, contentType string) {
	_, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: as.example\r\nContent-Type: "+contentType+"\r\nContent-Length: 1000\r\n\r\n")
	for err == nil {
		<-time.After(time.Second)
		_, err = io.WriteString(client, "a")
	}
}

// serveForms gives the client's end of a connection to a server of forms,
// whose handler thinks about each for longer than a body may take.
func serveForms(t *testing.T) net.Conn {
	client, server := net.Pipe()
	api := web.API(func(w http.ResponseWriter, r *http.Request) error {
		if _, err := web.ReadForm(w, r, 2000); err != nil {
			return err
		}
		<-time.After(2 * bodyLimit)
		return web.WriteJSON(w, 200, r.Context().Err() == nil)
	}, func(w http.ResponseWriter, r *http.Request, refusal *oauth.Refusal) {
		if refusal.Rule != "AS19" {
			t.Errorf("refused by %s, want AS19", refusal.Rule)
		}
		web.RenderOAuth(w, r, refusal)
	})
	only := make(oneConn, 1)
	only <- server
	s := &http.Server{Handler: web.BodyWithin(bodyLimit, api)}
	go func() { _ = s.Serve(only) }()
	t.Cleanup(func() {
		_ = client.Close()
		_ = s.Close()
	})
	return client
}

// oneConn is a listener that has one connection to give.
type oneConn chan net.Conn

func (l oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l oneConn) Close() error {
	close(l)
	return nil
}
func (oneConn) Addr() net.Addr { return &net.TCPAddr{} }
