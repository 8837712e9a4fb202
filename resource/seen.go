package resource

import (
	"fmt"

	"gatehouse.example/internal/protocol/accesstoken"
)

// seenToken is a token whose signature was found good, under the SHA-256 of
// its text. It saves that check and no other.
type seenToken struct {
	token  accesstoken.Verified
	issuer *issuer
	held   held
}

// seenOverhead is what an entry takes besides the token, in bytes: the
// key, the maps' slots and the entry itself.
const seenOverhead = 256

// seen finds a token whose key its issuer still publishes. An entry whose key
// is gone is forgotten, and so is one whose issuer's keys are too old to use:
// the token then takes the whole way and is refused there.
func (v *Verifier) seen(digest [32]byte) *seenToken {
	s, found := v.tokens.Get(digest)
	if !found {
		v.misses.Add(1)
		return nil
	}
	if !s.held.by(s.issuer, s.token.KeyThumbprint()) {
		v.tokens.Drop(digest)
		v.misses.Add(1)
		return nil
	}
	v.hits.Add(1)
	return s
}

// remember keeps a token that passed every step. Refusals are not remembered.
func (r *request) remember() {
	if r.seen != nil {
		return
	}
	r.v.tokens.Put(r.digest, &seenToken{token: r.verified, issuer: r.issuer}, r.verified.Size()+seenOverhead)
}

// panicked turns what a step threw into an error, which denies (RS25).
func panicked(cause any) error { return fmt.Errorf("panic: %v", cause) }
