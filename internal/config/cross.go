package config

import (
	"fmt"
	"net/url"
	"slices"

	"gatehouse.example/oauth"
)

// crossCheck holds the gateway to what the authorization server of the same
// file issues, so that no call is refused, or let in, because the two were told
// different things.
func (d *decoder) crossCheck(s *AuthServer, g *Gateway) {
	if s == nil || g == nil {
		return
	}
	var offered oauth.Scopes
	known := len(g.Issuers) > 0
	for n, trusted := range g.Issuers {
		at := func(key string) value { return d.places[fmt.Sprintf("gateway.issuers[%d].%s", n, key)] }
		i := slices.IndexFunc(s.Issuers, func(i Issuer) bool { return i.URL == trusted.URL })
		if trusted.URL == "" || i < 0 {
			known = false
			refuseNearMiss(at("url"), trusted.URL, s.Issuers)
			continue
		}
		offered = append(offered, d.agree(at, s.Issuers[i], trusted)...)
		known = known && !s.Issuers[i].unsettled
	}
	if !known || len(offered) == 0 {
		return // some scopes are offered by an issuer that this file does not know
	}
	for n, r := range g.Routes {
		if r.Scope != "" && !offered.Has(r.Scope) {
			d.places[fmt.Sprintf("gateway.routes[%d].scope", n)].fail("%s is offered for this gateway's audiences by no issuer, so nobody could call the route; they offer: %s", show(string(r.Scope)), listed(words(offered)))
		}
	}
}

// agree checks one issuer as the gateway sees it against the issuer as it is,
// and returns the scopes that its tokens for this gateway can have.
func (d *decoder) agree(at func(key string) value, i Issuer, trusted TrustedIssuer) oauth.Scopes {
	if p := at("profile"); p.present() && trusted.Profile != i.Profile {
		p.fail("%s is not the profile of this issuer in section authserver, %s", show(trusted.Profile.Name()), i.Profile.Name())
	}
	// An issuer signs by the algorithm that its profile prefers.
	if alg := i.Profile.SigningAlgorithms()[0]; len(trusted.Algorithms) > 0 && !slices.Contains(trusted.Algorithms, alg) {
		at("algorithms").fail("lack %s, by which this issuer in section authserver signs", alg)
	}
	api, ok := i.api(trusted.Audience)
	if !ok && trusted.Audience != "" && !i.unsettled {
		at("audience").fail("%s is not an audience of this issuer in section authserver; they are: %s%s", show(trusted.Audience), listed(i.audiences()), meant(trusted.Audience, i.audiences()))
	}
	return api.Scopes
}

// refuseNearMiss reports a trusted issuer on the origin of one of ours that is
// none of ours: a slash or a path too much or too little.
func refuseNearMiss(v value, trusted string, issuers []Issuer) {
	u, err := url.Parse(trusted)
	if err != nil || trusted == "" {
		return
	}
	for _, i := range issuers {
		if own, err := url.Parse(i.URL); err == nil && i.URL != "" && own.Host == u.Host {
			v.fail("%s is on the origin of section authserver but is none of its issuers; did you mean %s?", show(trusted), i.URL)
			return
		}
	}
}
