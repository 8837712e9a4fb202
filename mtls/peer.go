package mtls

import (
	"context"
	"crypto/tls"
	"sync/atomic"
	"time"

	"gatehouse.example/oauth"
)

// Peer is the other end of one TLS connection.
type Peer struct {
	presented *certificate // nil when the peer sent no certificate
	verified  *certificate // the same, marked as validated
	trust     func() *Bundle
	judged    atomic.Pointer[judgement]
}

// AdmitAny is the trust of a listener that judges no chain: every certificate
// is admitted, and only what is bound to it gives it a meaning.
func AdmitAny() *Bundle { return nil }

// NewPeer makes the peer of a connection whose handshake is complete. trust
// is required and gives the listener's bundle as it is at each call, nil for a
// listener that judges no chain (see [AdmitAny]). It must be cheap: it is
// called on every request.
func NewPeer(cs *tls.ConnectionState, trust func() *Bundle) *Peer {
	if trust == nil {
		panic("mtls: NewPeer needs the listener's trust; AdmitAny must be written out")
	}
	p := &Peer{trust: trust}
	if cs.HandshakeComplete && len(cs.PeerCertificates) > 0 {
		p.presented = newCertificate(cs.PeerCertificates)
		p.verified = p.presented.asVerified()
	}
	return p
}

type peerKey struct{}

// WithPeer puts the peer into a connection's context.
func WithPeer(ctx context.Context, p *Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// PeerFrom returns the peer of the connection that the context belongs to,
// nil when there is none.
func PeerFrom(ctx context.Context) *Peer {
	p, _ := ctx.Value(peerKey{}).(*Peer)
	return p
}

// Certificate judges the peer's certificate now and returns it. The zero
// Certificate and no error mean that the peer sent none and that the listener
// asks for none. The error is an [oauth.Refusal] (RS5, invalid_token) when the
// certificate is outside its time of validity or, where the listener has a
// bundle, is missing or has no chain to the bundle as it is now.
func (p *Peer) Certificate(now time.Time) (Certificate, error) {
	trust := p.trust()
	if p.presented == nil {
		if trust != nil {
			return Certificate{}, refuse("A client certificate is required.")
		}
		return Certificate{}, nil
	}
	leaf := p.presented.chain[0]
	switch {
	case now.After(leaf.NotAfter):
		return Certificate{}, refuse("The client certificate has expired.")
	case now.Before(leaf.NotBefore):
		return Certificate{}, refuse("The client certificate is not valid yet.")
	case trust == nil:
		return Certificate{p.presented}, nil
	}
	if err := p.judge(trust, now); err != nil {
		return Certificate{}, err
	}
	return Certificate{p.verified}, nil
}

// judgement is what was found out about the chain: under which bundle, and
// for which span of time it holds.
type judgement struct {
	trust       *Bundle
	from, until time.Time
	refusal     *oauth.Refusal // nil: the chain leads to the bundle
}

// doubt is how long a failed judgement is kept: a peer that is refused cannot
// make us check signatures on every request, and one whose certificate
// authority becomes valid later need not reconnect.
const doubt = time.Second

func (p *Peer) judge(trust *Bundle, now time.Time) error {
	j := p.judged.Load()
	if j == nil || j.trust != trust || now.Before(j.from) || now.After(j.until) {
		j = newJudgement(p.presented, trust, now)
		p.judged.Store(j)
	}
	if j.refusal != nil {
		return j.refusal
	}
	return nil
}

func newJudgement(c *certificate, trust *Bundle, now time.Time) *judgement {
	from, until, err := trust.window(c.chain, now)
	if err != nil {
		r := refuse("The client certificate does not lead to a certificate authority that is trusted here.").Because(err)
		return &judgement{trust: trust, from: now, until: now.Add(doubt), refusal: r}
	}
	return &judgement{trust: trust, from: from, until: until}
}

func refuse(sentence string) *oauth.Refusal {
	return oauth.Refuse("RS5", oauth.InvalidToken, sentence)
}
