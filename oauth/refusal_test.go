package oauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"gatehouse.example/oauth"
)

func TestRefusal_AS12_RS3_StatusOfEachCode(t *testing.T) {
	for code, want := range map[oauth.Code]int{
		oauth.InvalidRequest:         400,
		oauth.InvalidClient:          401,
		oauth.InvalidGrant:           400,
		oauth.UnauthorizedClient:     400,
		oauth.UnsupportedGrantType:   400,
		oauth.InvalidScope:           400,
		oauth.InvalidTarget:          400,
		oauth.InvalidDPoPProof:       400,
		oauth.UseDPoPNonce:           400,
		oauth.InvalidToken:           401,
		oauth.InsufficientScope:      403,
		oauth.ServerError:            500,
		oauth.TemporarilyUnavailable: 503,
	} {
		t.Run(string(code), func(t *testing.T) {
			r := oauth.Refuse("AS12", code, "No.")
			if got := r.HTTPStatus(); got != want {
				t.Errorf("status is %d, want %d", got, want)
			}
			if got := r.WithStatus(413).HTTPStatus(); got != 413 {
				t.Errorf("status set to 413 is %d", got)
			}
			if r.Status != 0 {
				t.Error("WithStatus changed the refusal it was made from")
			}
		})
	}
}

func TestAsRefusal_RS25_WhateverElseGoesWrongDenies(t *testing.T) {
	refusal := oauth.Refuse("AS9", oauth.InvalidClient, "No.")
	inside := errors.New("disk")
	for _, c := range []struct {
		name string
		err  error
		rule string
		code oauth.Code
	}{
		{"RS25 a refusal stays", refusal, "AS9", oauth.InvalidClient},
		{"RS25 a wrapped refusal is found", fmt.Errorf("step 3: %w", refusal), "AS9", oauth.InvalidClient},
		{"RS25 the outer of two", oauth.Refuse("RS6", oauth.InvalidToken, "No.").Because(refusal), "RS6", oauth.InvalidToken},
		{"RS25 any other error", inside, "RS25", oauth.ServerError},
		{"RS25 a refusal that is nil", (*oauth.Refusal)(nil), "RS25", oauth.ServerError},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := oauth.AsRefusal(c.err); got.Rule != c.rule || got.Code != c.code {
				t.Errorf("got %s %s, want %s %s", got.Rule, got.Code, c.rule, c.code)
			}
		})
	}
	if got := oauth.AsRefusal(inside); !errors.Is(got, inside) || got.Description != "The server could not complete the request." {
		t.Errorf("the cause is lost, or shown: %v", got)
	}
}

func TestRefusal_TheCauseIsForTheLogAlone(t *testing.T) {
	plain := oauth.Refuse("RS7", oauth.InvalidDPoPProof, "The proof is for another method.")
	full := plain.Because(errors.New("htm is PUT"))
	if got, want := full.Error(), "RS7 invalid_dpop_proof: The proof is for another method. (htm is PUT)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if plain.Cause != nil || full.Description != plain.Description {
		t.Error("Because changed what the client sees, or the refusal it was made from")
	}
	answer, err := json.Marshal(oauth.ErrorResponse{Error: full.Code, Description: full.Description})
	if err != nil || string(answer) != `{"error":"invalid_dpop_proof","error_description":"The proof is for another method."}` {
		t.Errorf("answer is %s, %v", answer, err)
	}
}
