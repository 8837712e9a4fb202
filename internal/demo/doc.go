// Package demo is the whole house on one machine: it makes its own keys, CA,
// clients and configuration in a folder, runs them with a sample bank behind,
// and shows what each layer lets through and what it refuses.
//
// Invariant: the demonstration sees the deployment from outside. Each scene is
// a real call over the network, made with fapiclient or, where something
// broken has to be sent, with bytes damaged here; what a scene states is what
// was measured, and a different outcome is an error.
package demo
