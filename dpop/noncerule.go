package dpop

import (
	"time"

	"gatehouse.example/oauth"
)

// NonceRule says when a proof must carry a nonce of the server (RFC 9449 §8,
// §9). Under every rule a nonce that is sent must be good. The zero value
// panics in [Verify], and so does each maker without Nonces.
type NonceRule struct{ r *nonceRule }

type nonceRule struct {
	nonces *Nonces
	always bool
	since  time.Time // of RS10; zero under the other rules
}

// RequireNonce demands a nonce in every proof.
func RequireNonce(n *Nonces) NonceRule { return newRule(nonceRule{nonces: n, always: true}) }

// OptionalNonce demands no nonce.
func OptionalNonce(n *Nonces) NonceRule { return newRule(nonceRule{nonces: n}) }

// NonceForProofsBefore is for a store that remembers spent proofs only since
// started (RS10). A proof that may have been used before then, because its iat
// is not at least [Skew] later, must carry a nonce that was issued since. The
// skew is added here: pass the store's start as it is.
func NonceForProofsBefore(n *Nonces, started time.Time) NonceRule {
	return newRule(nonceRule{nonces: n, since: started})
}

func newRule(r nonceRule) NonceRule {
	if r.nonces == nil {
		panic("dpop: a nonce rule needs the server's Nonces")
	}
	return NonceRule{&r}
}

func (r *nonceRule) demands(iat time.Time) bool {
	return r.always || r.mayBeReplayed(iat)
}

// mayBeReplayed tells whether a proof of this iat could have been accepted
// before the store began to remember: by a client whose clock runs ahead.
func (r *nonceRule) mayBeReplayed(iat time.Time) bool {
	return !r.since.IsZero() && iat.Before(r.since.Add(Skew))
}

func nonce(s *state) error {
	r, iat := s.nonces, s.claims.IssuedAt.Time()
	if s.claims.Nonce == "" {
		if r.demands(iat) {
			return useNonce("The DPoP proof must carry the nonce that this response gives.")
		}
		return nil
	}
	issued, err := r.nonces.open(s.claims.Nonce, s.now)
	if err != nil {
		return err
	}
	if r.mayBeReplayed(iat) && issued.Before(r.since) {
		return useNonce("The nonce in the DPoP proof is too old; use the one that this response gives.").Because(errNonceBeforeStart)
	}
	return nil
}

// useNonce makes the refusal that asks for another nonce (RS13, AS63). Who
// renders it adds the DPoP-Nonce header with a fresh one.
func useNonce(sentence string) *oauth.Refusal {
	return oauth.Refuse("RS13", oauth.UseDPoPNonce, sentence)
}
