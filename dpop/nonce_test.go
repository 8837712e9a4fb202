package dpop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/oauth"
)

func TestNonces_AS63_RS13_Judge(t *testing.T) {
	n, fresh := nonces(), nonces().Issue(now)
	changed := []byte(fresh)
	changed[len(changed)-1] ^= 1
	laterTime := nonces().Issue(now.Add(time.Second))[:10] + fresh[10:]
	cases := []struct {
		name, nonce string
		at          time.Time
		good        bool
	}{
		{"AS63 fresh", fresh, now, true},
		{"AS63 in the next epoch", fresh, now.Add(59 * time.Second), true},
		{"AS63 at the end of its life", fresh, now.Add(time.Minute), true},
		{"AS63 past its life", fresh, now.Add(time.Minute + time.Microsecond), false},
		{"AS63 ahead within the skew", fresh, now.Add(-dpop.Skew), true},
		{"AS63 further ahead", fresh, now.Add(-dpop.Skew - time.Microsecond), false},
		{"RS13 empty", "", now, false},
		{"RS13 a changed HMAC", string(changed), now, false},
		{"RS13 a changed time", laterTime, now, false},
		{"RS13 longer", fresh + "A", now, false},
		{"RS13 standard base64", strings.Repeat("+", len(fresh)), now, false},
		{"RS13 all ones", strings.Repeat("_", len(fresh)), now, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := n.Judge(c.nonce, c.at)
			if c.good {
				if err != nil {
					t.Errorf("a good nonce was refused: %v", err)
				}
				return
			}
			var r *oauth.Refusal
			if !errors.As(err, &r) || r.Rule != "RS13" || r.Code != oauth.UseDPoPNonce {
				t.Errorf("got %v, not use_dpop_nonce by RS13", err)
			}
		})
	}
}

func TestNonces_AS63_NodesWithOneRootAgree(t *testing.T) {
	root := []byte("the root that all the nodes of one server share")
	var nodes []*dpop.Nonces
	for range 2 {
		n, err := dpop.NewNonces(root, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	for i := range 10 {
		at := now.Add(time.Duration(i) * 17 * time.Second)
		nonce := nodes[0].Issue(at)
		if err := nodes[1].Judge(nonce, at.Add(30*time.Second)); err != nil {
			t.Errorf("node 2 refuses the nonce of node 1: %v", err)
		}
		if err := nonces().Judge(nonce, at); err == nil {
			t.Error("a server with another root takes the nonce")
		}
	}
}

func TestNonces_RS10b_StaleFromHalfItsLife(t *testing.T) {
	n, fresh := nonces(), nonces().Issue(now)
	for age, stale := range map[time.Duration]bool{
		0: false, 30 * time.Second: false, 30*time.Second + time.Microsecond: true, time.Hour: true,
	} {
		if n.Stale(fresh, now.Add(age)) != stale {
			t.Errorf("RS10b at the age of %s: stale is not %v", age, stale)
		}
	}
	for _, none := range []string{"", "nonce", fresh[1:]} {
		if !n.Stale(none, now) {
			t.Errorf("RS10b %q does not ask for a new nonce", none)
		}
	}
}

func TestNonces_AS63_RootAndLifetimeHaveBounds(t *testing.T) {
	root := make([]byte, 32)
	for name, make := range map[string]func() (*dpop.Nonces, error){
		"short root":      func() (*dpop.Nonces, error) { return dpop.NewNonces(root[:31], time.Minute) },
		"no lifetime":     func() (*dpop.Nonces, error) { return dpop.NewNonces(root, 0) },
		"lifetime of 2 h": func() (*dpop.Nonces, error) { return dpop.NewNonces(root, 2*time.Hour) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
