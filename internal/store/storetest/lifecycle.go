package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"gatehouse.example/internal/grant"
	"gatehouse.example/internal/secret"
)

func forgetting(t *testing.T, fresh func(*testing.T) Backend) {
	t.Run("RS10 housekeeping forgets nothing that counts", func(t *testing.T) {
		b := fresh(t)
		key, until := secret.DigestOf("a"), noon.Add(time.Hour)
		wantSpend(t, b, issuer, key, until, noon, true)
		live := token(issuer, "t1")
		live.Expires = until
		issue(t, b, live, nil)
		createKeys(t, b)
		if _, err := b.Housekeep(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		wantSpend(t, b, issuer, key, until, until.Add(-1), false)
		issue(t, b, live, grant.ErrIssuedBefore)
		// Keys do not expire by housekeeping, however late it is.
		if _, err := b.Housekeep(t.Context(), noon.AddDate(200, 0, 0)); err != nil {
			t.Fatal(err)
		}
		wantCreatedKeys(t, b)
	})
}

func closed(t *testing.T, fresh func(*testing.T) Backend) {
	t.Run("RS25 a closed store fails and says so", func(t *testing.T) {
		b := fresh(t)
		if err := b.Healthy(t.Context()); err != nil {
			t.Fatalf("not healthy while open: %v", err)
		}
		for range 2 { // closing again is no error
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		if won, err := b.Spend(ctx, issuer, secret.DigestOf("a"), noon.Add(time.Minute), noon); won || err == nil {
			t.Errorf("spent %v, %v", won, err)
		}
		if err := b.RedeemMachine(ctx, token(issuer, "t1")); err == nil {
			t.Error("redeemed")
		}
		if won, err := b.CreateKeyring(ctx, []byte("k")); won || err == nil {
			t.Errorf("created a keyring: %v, %v", won, err)
		}
		if _, err := b.LoadKeyring(ctx); err == nil {
			t.Error("loaded a keyring")
		}
		if _, err := b.SigningKeys(ctx, issuer); err == nil {
			t.Error("read signing keys")
		}
		if err := b.Healthy(ctx); err == nil {
			t.Error("healthy")
		}
	})
}

func reopened(t *testing.T, open Open) {
	t.Run("C3 AS9 AS69 RS10 everything is there after a close", func(t *testing.T) {
		dir := t.TempDir()
		b := open(t, dir)
		key, until := secret.DigestOf("a"), noon.Add(time.Hour)
		createKeys(t, b)
		issue(t, b, token(issuer, "t1"), nil)
		wantSpend(t, b, issuer, key, until, noon, true)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir)
		defer func() { _ = b.Close() }()
		wantCreatedKeys(t, b)
		issue(t, b, token(issuer, "t1"), grant.ErrIssuedBefore)
		wantSpend(t, b, issuer, key, until, noon.Add(time.Minute), false)
	})
}

func createKeys(t *testing.T, b Backend) {
	t.Helper()
	if won, err := b.CreateKeyring(t.Context(), []byte("the keyring")); !won || err != nil {
		t.Fatalf("created the keyring: %v, %v", won, err)
	}
	if won, err := b.CreateFirstSigningKey(t.Context(), keyRow(issuer, "k1")); !won || err != nil {
		t.Fatalf("created the signing key: %v, %v", won, err)
	}
}

func wantCreatedKeys(t *testing.T, b Backend) {
	t.Helper()
	blob, err := b.LoadKeyring(t.Context())
	if err != nil || !bytes.Equal(blob, []byte("the keyring")) {
		t.Errorf("the keyring is %q, %v", blob, err)
	}
	wantKeys(t, b, issuer, keyRow(issuer, "k1"))
	if won, err := b.CreateKeyring(t.Context(), []byte("another")); won || err != nil {
		t.Errorf("created another keyring: %v, %v", won, err)
	}
	if won, err := b.CreateFirstSigningKey(t.Context(), keyRow(issuer, "k2")); won || err != nil {
		t.Errorf("created another first key: %v, %v", won, err)
	}
}
