package secret_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"

	"gatehouse.example/internal/secret"
)

var passphrase = secret.NewText("a passphrase of the tests")

// memoryKeyring is a KeyringStore. With late set, the first load finds
// nothing, as it does for the loser of a race.
type memoryKeyring struct {
	mu   sync.Mutex
	blob []byte
	late bool
	fail error
}

func (m *memoryKeyring) LoadKeyring(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.late {
		m.late = false
		return nil, m.fail
	}
	return bytes.Clone(m.blob), m.fail
}

func (m *memoryKeyring) CreateKeyring(_ context.Context, blob []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blob != nil {
		return false, m.fail
	}
	m.blob = bytes.Clone(blob)
	return true, m.fail
}

func openSealer(t *testing.T, store secret.KeyringStore, p secret.Text) *secret.Sealer {
	t.Helper()
	s, err := secret.OpenSealer(t.Context(), store, p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var place = secret.Place{Table: "signing_keys", Column: "private_key", Key: "https://as.example k1"}

func TestSealer_C3_OpensAfterRestart(t *testing.T) {
	store := &memoryKeyring{}
	sealed, err := openSealer(t, store, passphrase).Seal([]byte(plain), place)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte(plain)) || bytes.Contains(store.blob, []byte(passphrase.Reveal())) {
		t.Fatal("C3: a plain text is stored")
	}
	got, err := openSealer(t, store, passphrase).Open(sealed, place)
	if err != nil || string(got) != plain {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestSealer_C3_TheLoserOfTheRaceUsesTheWinnersKeyring(t *testing.T) {
	store := &memoryKeyring{}
	winner := openSealer(t, store, passphrase)
	store.late = true
	loser := openSealer(t, store, passphrase)
	sealed, err := loser.Seal([]byte(plain), place)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := winner.Open(sealed, place); err != nil || string(got) != plain {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestSealer_C3_OpensOnlyWhatWasSealedForThePlace(t *testing.T) {
	sealer := openSealer(t, &memoryKeyring{}, passphrase)
	other := openSealer(t, &memoryKeyring{}, passphrase)
	sealed, err := sealer.Seal([]byte(plain), place)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	cases := []struct {
		name   string
		by     *secret.Sealer
		sealed []byte
		place  secret.Place
	}{
		{"another key", sealer, sealed, secret.Place{Table: place.Table, Column: place.Column, Key: "https://as.example k2"}},
		{"another column", sealer, sealed, secret.Place{Table: place.Table, Column: "public_key", Key: place.Key}},
		{"another table", sealer, sealed, secret.Place{Table: "sessions", Column: place.Column, Key: place.Key}},
		{"same letters, cut elsewhere", sealer, sealed, secret.Place{Table: place.Table + place.Column[:1], Column: place.Column[1:], Key: place.Key}},
		{"changed bytes", sealer, changed, place},
		{"cut bytes", sealer, sealed[:len(sealed)-1], place},
		{"no bytes", sealer, nil, place},
		{"another keyring", other, sealed, place},
	}
	for _, c := range cases {
		t.Run("C3 "+c.name, func(t *testing.T) {
			got, err := c.by.Open(c.sealed, c.place)
			if err == nil || !strings.Contains(err.Error(), "does not open") {
				t.Errorf("opened %q, %v; want an error that says it does not open", got, err)
			}
		})
	}
}

func TestSealer_C3_NeedsAWholePlace(t *testing.T) {
	sealer := openSealer(t, &memoryKeyring{}, passphrase)
	for _, p := range []secret.Place{{}, {Table: "t", Column: "c"}, {Table: "t", Key: "k"}, {Column: "c", Key: "k"}} {
		if _, err := sealer.Seal([]byte(plain), p); err == nil {
			t.Errorf("C3: sealed for the place %+v", p)
		}
		if _, err := sealer.Open([]byte(plain), p); err == nil {
			t.Errorf("C3: opened for the place %+v", p)
		}
	}
}

func TestOpenSealer_C3_RefusesByReason(t *testing.T) {
	store := &memoryKeyring{}
	openSealer(t, store, passphrase)
	broken := errors.New("the disk is on fire")
	memory := bytes.Clone(store.blob)
	binary.BigEndian.PutUint32(memory[8:], 1<<31)
	other := bytes.Clone(store.blob)
	binary.BigEndian.PutUint32(other[4:], 2)
	cases := []struct {
		name  string
		store *memoryKeyring
		pass  secret.Text
		want  error  // compared by errors.Is when set
		says  string // part of the message
	}{
		{"wrong passphrase", store, secret.NewText("another passphrase here"), secret.ErrWrongPassphrase, "does not open this database"},
		{"15 characters", store, secret.NewText(strings.Repeat("é", 15)), secret.ErrShortPassphrase, "fewer than 16"},
		{"no passphrase", store, secret.Text{}, secret.ErrShortPassphrase, "fewer than 16"},
		{"short also on an empty store", &memoryKeyring{}, secret.NewText("short"), secret.ErrShortPassphrase, "fewer than 16"},
		{"store fails", &memoryKeyring{fail: broken}, passphrase, broken, "on fire"},
		{"not a keyring", &memoryKeyring{blob: []byte("hello")}, passphrase, nil, "damaged"},
		{"cut header", &memoryKeyring{blob: store.blob[:20]}, passphrase, nil, "damaged"},
		{"cut keyset", &memoryKeyring{blob: store.blob[:len(store.blob)-3]}, passphrase, secret.ErrWrongPassphrase, ""},
		{"header only", &memoryKeyring{blob: store.blob[:29]}, passphrase, secret.ErrWrongPassphrase, ""},
		{"two TiB of memory asked", &memoryKeyring{blob: memory}, passphrase, nil, "out of range"},
		{"other parameters written in", &memoryKeyring{blob: other}, passphrase, secret.ErrWrongPassphrase, ""},
	}
	for _, c := range cases {
		t.Run("C3 "+c.name, func(t *testing.T) {
			s, err := secret.OpenSealer(t.Context(), c.store, c.pass)
			if s != nil || err == nil {
				t.Fatal("opened")
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q does not say %q on one line", err, c.says)
			}
		})
	}
}

// RFC 9106 §4 recommends three passes over 64 MiB in four lanes where 2 GiB is
// too much. The keyring says with what it was made.
func TestOpenSealer_C3_DerivesAtFullCost(t *testing.T) {
	defer secret.SetFullCost()()
	store := &memoryKeyring{}
	openSealer(t, store, passphrase)
	passes, memory := binary.BigEndian.Uint32(store.blob[4:]), binary.BigEndian.Uint32(store.blob[8:])
	if passes != 3 || memory != 64*1024 || store.blob[12] != 4 {
		t.Errorf("C3: the keyring is made with %d passes over %d KiB in %d lanes", passes, memory, store.blob[12])
	}
}

// A store must not say that somebody else won and then show nothing.
type forgetful struct{}

func (forgetful) LoadKeyring(context.Context) ([]byte, error)         { return nil, nil }
func (forgetful) CreateKeyring(context.Context, []byte) (bool, error) { return false, nil }

func TestOpenSealer_C3_RefusesAStoreThatForgets(t *testing.T) {
	if s, err := secret.OpenSealer(t.Context(), forgetful{}, passphrase); s != nil || err == nil {
		t.Errorf("opened %v, %v", s, err)
	}
}
