// Package jwks keeps the public keys of one remote issuer at hand (RS24).
//
// Invariant: a key is used only if the issuer published it, over https, within
// the last [Config].MaxStale; after that nothing is offered and every token is
// denied (RS25). What a token says chooses among those keys and never brings
// one (C4). Tokens of unknown keys, however many, cause at most the configured
// number of fetches a minute, evenly spaced: so a flood of them can neither
// press the issuer nor use up the fetch that a genuine rotation needs, which
// is at most one spacing away.
//
// [Cache.Current] takes no lock and is for every request; [Cache.Find] may
// wait for a fetch that it shares with all who wait. [Cache.Run] refreshes
// ahead of time, so that no request pays for it.
package jwks
