package resource

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse.example/dpop"
	"gatehouse.example/internal/policy"
	"gatehouse.example/internal/protocol/accesstoken"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/oauth"
)

// request is one request on its way through the steps.
type request struct {
	ctx   context.Context
	v     *Verifier
	facts Facts
	req   Requirement
	now   time.Time

	token      policy.Facts
	digest     [sha256.Size]byte
	seen       *seenToken // not nil when the signature was checked before
	unverified *accesstoken.Unverified
	issuer     *issuer
	keys       jose.KeySet
	verified   accesstoken.Verified
	verdict    policy.Verdict
	decision   Decision
}

type step struct {
	name string
	ids  string
	do   func(*request) error
}

// steps is everything that happens to a request, in order. What is consumed,
// a proof's one use, is consumed last (trap 9).
var steps = []step{
	{"one token, in the Authorization header", "RS1 RS12", readToken},
	{"the token was seen before, or can be read", "RS6 C1 C7", parseToken},
	{"its issuer is trusted", "RS6 RS23", findIssuer},
	{"its algorithm is one of that issuer's", "RS6 RS23 C1 C7", checkAlgorithm},
	{"the issuer has such a key, and its keys can be had", "RS6 RS24 RS25", findKeys},
	{"it is signed by that key", "RS2 RS6", verifySignature},
	{"the policy allows it", "RS2 RS3 RS4 RS5 RS6 RS7 RS8 RS9 RS10b RS11 RS13 RS25", applyPolicy},
	{"the proof was not used before", "RS10", spendProof},
}

// Decide runs every step. The error is an [oauth.Refusal], or nil when the
// request is allowed; the Decision then says who calls. On a refusal it holds
// what had been verified before, for the log. A panic on the way denies.
func (v *Verifier) Decide(ctx context.Context, f Facts, req Requirement) (_ Decision, err error) {
	r := &request{ctx: ctx, v: v, facts: f, req: req, now: v.now()}
	r.decision.challenge = challenge{scope: req.Scope, peer: f.Peer, now: r.now, onlyBound: req.CertificateBound}
	if err := r.run(); err != nil {
		refusal := oauth.AsRefusal(err)
		if refusal.Code == oauth.UseDPoPNonce {
			r.decision.nonce = v.replay.nonces.Issue(r.now)
		}
		return r.decision, refusal
	}
	r.remember()
	return r.decision, nil
}

func (r *request) run() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	for i := range steps {
		if err := steps[i].do(r); err != nil {
			return err
		}
	}
	return nil
}

func readToken(r *request) (err error) {
	r.token.Scheme, r.token.Token, err = readCredentials(&r.facts)
	r.decision.challenge.scheme = r.token.Scheme
	return err
}

func parseToken(r *request) (err error) {
	r.digest = sha256.Sum256([]byte(r.token.Token))
	if r.seen = r.v.seen(r.digest); r.seen != nil {
		r.issuer, r.verified = r.seen.issuer, r.seen.token
		r.decision.read(r.verified.Claims())
		return nil
	}
	r.unverified, err = accesstoken.Parse(r.token.Token)
	return err
}

func findIssuer(r *request) error {
	if r.seen != nil {
		return nil
	}
	if r.issuer = r.v.issuers[r.unverified.Issuer()]; r.issuer == nil {
		return oauth.Refuse("RS6", oauth.InvalidToken, "The access token is from an issuer that is not trusted here.")
	}
	return nil
}

// checkAlgorithm comes before the keys are asked, or else a token by another
// algorithm could cause a fetch.
func checkAlgorithm(r *request) error {
	if r.seen != nil || slices.Contains(r.issuer.terms.Algorithms, r.unverified.Header().Algorithm) {
		return nil
	}
	return oauth.Refuse("RS6", oauth.InvalidToken, "The access token is signed by an algorithm that its issuer does not use.").
		Because(errors.New("the issuer is configured for " + strings.Join(r.issuer.terms.Algorithms, ", ")))
}

func findKeys(r *request) (err error) {
	if r.seen != nil {
		return nil
	}
	r.keys, err = r.issuer.keys.Find(r.ctx, r.unverified.Header())
	return err
}

func verifySignature(r *request) (err error) {
	if r.seen != nil {
		return nil
	}
	if r.verified, err = r.unverified.Verify(r.issuer.terms.Algorithms, r.keys); err != nil {
		return err
	}
	r.decision.read(r.verified.Claims())
	return nil
}

func applyPolicy(r *request) (err error) {
	r.token.Peer = r.facts.Peer
	r.token.Proof = dpop.Request{Method: r.facts.Method, URI: r.facts.URI, Headers: r.facts.DPoP}
	r.verdict, err = policy.Decide(&r.token, r.verified, &policy.Rules{
		Token:            r.issuer.expect,
		Scope:            r.req.Scope,
		CertificateBound: r.req.CertificateBound,
		Nonces:           r.v.nonces,
		ProofMaxAge:      r.v.maxAge,
	}, r.now)
	r.decision.Certificate = r.verdict.Certificate
	return err
}

func spendProof(r *request) error {
	if r.decision.JKT == "" {
		return nil
	}
	proof := r.verdict.Proof
	won, err := r.v.replay.spend(r.ctx, proof, r.now)
	if err != nil {
		return oauth.Refuse("RS25", oauth.TemporarilyUnavailable, "The server cannot check at the moment whether the proof was used before.").Because(err)
	}
	if !won {
		return oauth.Refuse("RS10", oauth.InvalidDPoPProof, "The DPoP proof was used before.")
	}
	if proof.Nonce() != "" && r.v.replay.nonces.Stale(proof.Nonce(), r.now) {
		r.decision.nonce = r.v.replay.nonces.Issue(r.now)
	}
	return nil
}
