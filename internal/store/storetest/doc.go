// Package storetest is the contract of a store: the cases that every backend
// must pass, whatever it is made of.
//
// Invariant: a case here speaks only through the interfaces that the rooms
// declare, and gives every time as an argument, in years that no clock shows.
// A backend that asks a clock, reads before it writes, or acknowledges what it
// can still lose to kill -9, fails.
package storetest
