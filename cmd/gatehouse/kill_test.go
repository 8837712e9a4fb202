package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/fapiclient"
)

// After a kill -9 in the middle of load and a new start nothing that was used
// once works again, and clients that run on need no manual step.
func TestKill9_AS9_RS10_NothingWorksTwice(t *testing.T) {
	d := startDemo(t)
	f := newCallers(t, d)
	assertion := f.form(f.assertion(nil))
	if res, body := f.post(assertion); res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	load := newLoad(t, d)
	load.await(t, 50)
	d.kill()

	resumed := resumeDemo(t, d.dir)
	load.await(t, 50)
	load.end(t)

	f.nonce = ""
	if res, body := f.post(assertion); res.StatusCode != 401 || errorCode(body) != "invalid_client" {
		t.Errorf("an assertion used before the kill: %d %s", res.StatusCode, body)
	}
	req, err := http.NewRequest("GET", f.target, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.with(req.Header, f.good, f.used)
	res, err := f.http.Do(req)
	if res, body := answer(t, res, err); res.StatusCode != 401 || errorCode(body) != "use_dpop_nonce" {
		t.Errorf("a proof used before the kill: %d %s", res.StatusCode, body)
	}
	// The audit chain has no gap but the one that the kill may have torn.
	resumed.stop(t)
}

// load is a partner's program that keeps calling, through a restart, with
// fapiclient and no other care than to try again.
type load struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	good   atomic.Int64
	last   atomic.Pointer[string]
}

func newLoad(t *testing.T, d *deployment) *load {
	t.Helper()
	p := newPartner(t, d, "demo-partner")
	server, err := fapiclient.Discover(t.Context(), p.http, d.issuer())
	if err != nil {
		t.Fatal(err)
	}
	client, err := fapiclient.New(fapiclient.Config{
		Server: server, ClientID: "demo-partner", Authentication: fapiclient.PrivateKeyJWT(d.privateKey(t, "demo-partner"), ""),
		Binding: fapiclient.DPoP(p.proofs), HTTP: p.http, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &load{}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	t.Cleanup(cancel)
	url, request := d.origin(t, "public")+"/accounts", fapiclient.TokenRequest{Scope: "accounts.read", Resource: []string{d.audience()}}
	for range 4 {
		l.all.Go(func() {
			api := &http.Client{Transport: client.Transport(request), Timeout: 5 * time.Second}
			for ctx.Err() == nil {
				l.call(ctx, api, url)
			}
		})
	}
	return l
}

func (l *load) call(ctx context.Context, api *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return
	}
	said := ""
	res, err := api.Do(req)
	if err != nil {
		said = err.Error()
	} else {
		said = res.Status
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			l.good.Add(1)
			return
		}
	}
	l.last.Store(&said)
	select { // the service is away: try again soon
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}

// await waits for more good calls.
func (l *load) await(t *testing.T, more int64) {
	t.Helper()
	until := l.good.Load() + more
	for deadline := time.Now().Add(60 * time.Second); l.good.Load() < until; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			last := "nothing"
			if s := l.last.Load(); s != nil {
				last = *s
			}
			t.Fatalf("the clients do not go on; the last failure was: %s", last)
		}
	}
}

func (l *load) end(t *testing.T) {
	t.Helper()
	l.cancel()
	l.all.Wait()
}
