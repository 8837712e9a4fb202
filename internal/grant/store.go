package grant

import (
	"context"
	"errors"
	"time"

	"gatehouse.example/internal/replay"
)

// Issued is the record of one access token: everything but the token.
type Issued struct {
	Issuer       string
	TokenID      string // jti
	ClientID     string
	Subject      string
	GrantType    string
	Scope        string
	Audience     string
	Confirmation string // as confirmation.Confirmation.String writes it
	IssuedAt     time.Time
	Expires      time.Time
}

// ErrIssuedBefore says that the issuer has a token of this id already.
var ErrIssuedBefore = errors.New("a token of this id was issued before")

// Store is what this room needs of a store.
type Store interface {
	// RedeemMachine stores what a machine client is given; it is durable when
	// it returns. Issuer and TokenID together are unique: storing them a
	// second time is [ErrIssuedBefore] and changes nothing.
	RedeemMachine(ctx context.Context, issued Issued) error
}

// Spender is the use-once guard.
type Spender = replay.Store
