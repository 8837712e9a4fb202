package resource_test

import (
	"errors"
	"strings"
	"testing"

	"gatehouse.example/oauth"
	"gatehouse.example/resource"
)

// FuzzDecide puts whatever comes into the headers that the gateway reads from
// the network. Without the issuer's key nothing may pass, whatever is refused
// has a code of RFC 6750 or RFC 9449, and no text of the client's is echoed.
func FuzzDecide(f *testing.F) {
	b := newBed(f)
	good := b.withProof(b.token())
	f.Add("Bearer a.b.c", "a.b.c")
	f.Add(good.Authorization[0], "")
	f.Add("", good.DPoP[0])
	f.Add("DPoP "+b.unsigned(), good.DPoP[0])
	f.Add("dpop \t,", "{}")
	peer := b.peer(b.certificate)
	f.Fuzz(func(t *testing.T, authorization, proof string) {
		d, err := b.verifier.Decide(t.Context(), resource.Facts{
			Method: "GET", URI: origin.URI(path), Authorization: []string{authorization}, DPoP: []string{proof}, Peer: peer,
		}, read)
		var r *oauth.Refusal
		if !errors.As(err, &r) {
			t.Fatalf("allowed, or no refusal: %+v %v", d, err)
		}
		res := challengeOf(d, err)
		if res.StatusCode != 400 && res.StatusCode != 401 {
			t.Fatalf("status %d for %v", res.StatusCode, err)
		}
		for _, c := range res.Header["Www-Authenticate"] {
			if strings.ContainsAny(c, "\r\n\x00") {
				t.Fatalf("challenge %q", c)
			}
		}
	})
}
