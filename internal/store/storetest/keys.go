package storetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.example/internal/keys"
)

func keyring(t *testing.T, fresh func(*testing.T) Backend) {
	t.Run("C3 no keyring at first", func(t *testing.T) {
		if blob, err := fresh(t).LoadKeyring(t.Context()); blob != nil || err != nil {
			t.Errorf("loaded %q, %v; want nil, nil", blob, err)
		}
	})
	t.Run("C3 one keyring among many who create it", func(t *testing.T) {
		b := fresh(t)
		blobs := make([][]byte, contenders)
		wins := make([]bool, contenders)
		n := winners(t, func(n int) (bool, error) {
			blobs[n] = fmt.Appendf(nil, "keyring \x00\xff %d", n)
			won, err := b.CreateKeyring(t.Context(), blobs[n])
			wins[n] = won
			return won, err
		})
		if n != 1 {
			t.Fatalf("%d of %d won, want 1", n, contenders)
		}
		stored, err := b.LoadKeyring(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n, won := range wins {
			if won != bytes.Equal(stored, blobs[n]) {
				t.Errorf("contender %d: won is %v, and stored is %q", n, won, stored)
			}
		}
	})
}

// keyRow is a signing key with every field set.
func keyRow(issuer, kid string) keys.Row {
	return keys.Row{Issuer: issuer, ID: kid, Algorithm: "ES256", Sealed: []byte("sealed \x00 " + kid), CreatedAt: noon.Add(1001e3)}
}

func signingKeys(t *testing.T, fresh func(*testing.T) Backend) {
	t.Run("C6 no signing key at first", func(t *testing.T) {
		if rows, err := fresh(t).SigningKeys(t.Context(), issuer); len(rows) != 0 || err != nil {
			t.Errorf("found %v, %v", rows, err)
		}
	})
	t.Run("C6 a signing key is read as it was stored", func(t *testing.T) {
		b := fresh(t)
		signing, retired := keyRow(issuer, "k1"), keyRow(other, "k2")
		retired.RetiredAt = noon.Add(2e9)
		for _, r := range []keys.Row{signing, retired} {
			if won, err := b.CreateFirstSigningKey(t.Context(), r); !won || err != nil {
				t.Fatalf("created %v, %v", won, err)
			}
			wantKeys(t, b, r.Issuer, r)
		}
	})
	t.Run("C6 one first signing key among many who create it", func(t *testing.T) {
		b := fresh(t)
		wins := make([]bool, contenders)
		n := winners(t, func(n int) (bool, error) {
			won, err := b.CreateFirstSigningKey(t.Context(), keyRow(issuer, fmt.Sprint("k", n)))
			wins[n] = won
			return won, err
		})
		if n != 1 {
			t.Fatalf("%d of %d won, want 1", n, contenders)
		}
		for n, won := range wins {
			if won {
				wantKeys(t, b, issuer, keyRow(issuer, fmt.Sprint("k", n)))
			}
		}
	})
	t.Run("C6 each issuer has a first signing key of its own", func(t *testing.T) {
		b := fresh(t)
		for _, is := range []string{issuer, other} {
			// The same kid at both: a row is known by its issuer too.
			if won, err := b.CreateFirstSigningKey(t.Context(), keyRow(is, "k1")); !won || err != nil {
				t.Fatalf("created at %s: %v, %v", is, won, err)
			}
		}
		for _, is := range []string{issuer, other} {
			wantKeys(t, b, is, keyRow(is, "k1"))
		}
		if rows, err := b.SigningKeys(t.Context(), issuer+"/third"); len(rows) != 0 || err != nil {
			t.Errorf("a third issuer has %v, %v", rows, err)
		}
	})
}

func wantKeys(t *testing.T, b Backend, issuer string, want ...keys.Row) {
	t.Helper()
	got, err := b.SigningKeys(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signing keys of %s (-want +got):\n%s", issuer, diff)
	}
}
