package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gatehouse.example/internal/grant"
)

// token is the record of a token with every field set.
func token(issuer, id string) grant.Issued {
	return grant.Issued{
		Issuer: issuer, TokenID: id, ClientID: "partner", Subject: "partner",
		GrantType: "client_credentials", Scope: "accounts.read", Audience: "https://api.example",
		Confirmation: "jkt:abc", IssuedAt: noon, Expires: noon.Add(10 * time.Minute),
	}
}

func tokens(t *testing.T, fresh func(*testing.T) Backend) {
	t.Run("AS69 a token id is issued once", func(t *testing.T) {
		b := fresh(t)
		issue(t, b, token(issuer, "t1"), nil)
		issue(t, b, token(issuer, "t1"), grant.ErrIssuedBefore)
		later := token(issuer, "t1")
		later.ClientID, later.IssuedAt, later.Expires = "another", noon.Add(time.Hour), noon.Add(2*time.Hour)
		issue(t, b, later, grant.ErrIssuedBefore)
		issue(t, b, token(issuer, "t2"), nil)
		issue(t, b, token(issuer, "T1"), nil) // ids differ by case
	})
	t.Run("AS69 each issuer has token ids of its own", func(t *testing.T) {
		b := fresh(t)
		issue(t, b, token(issuer, "t1"), nil)
		issue(t, b, token(other, "t1"), nil)
		issue(t, b, token(other, "t1"), grant.ErrIssuedBefore)
	})
	t.Run("AS69 one of many redeems a token id", func(t *testing.T) {
		b := fresh(t)
		n := winners(t, func(int) (bool, error) {
			err := b.RedeemMachine(t.Context(), token(issuer, "t1"))
			if errors.Is(err, grant.ErrIssuedBefore) {
				return false, nil
			}
			return err == nil, err
		})
		if n != 1 {
			t.Errorf("%d of %d won, want 1", n, contenders)
		}
	})
	t.Run("AS69 the many do not hinder one another", func(t *testing.T) {
		b := fresh(t)
		together(func(n int) {
			if err := b.RedeemMachine(t.Context(), token(issuer, fmt.Sprint("t", n))); err != nil {
				t.Errorf("contender %d: %v", n, err)
			}
		})
		for n := range contenders {
			issue(t, b, token(issuer, fmt.Sprint("t", n)), grant.ErrIssuedBefore)
		}
	})
}

// issue redeems and compares the error by errors.Is.
func issue(t *testing.T, b Backend, i grant.Issued, want error) {
	t.Helper()
	if err := b.RedeemMachine(t.Context(), i); !errors.Is(err, want) {
		t.Errorf("token %s of %s: error %v, want %v", i.TokenID, i.Issuer, err, want)
	}
}
