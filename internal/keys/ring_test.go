package keys_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse.example/internal/keys"
	"gatehouse.example/internal/protocol/jose"
	"gatehouse.example/internal/secret"
)

const issuer = "https://as.example"

var now = time.Unix(1_800_000_000, 0)

// memory is a keys.Store and a secret.KeyringStore. With late set, its first
// answer says that there is no key, as it does to the loser of a race.
type memory struct {
	mu      sync.Mutex
	rows    []keys.Row
	keyring []byte
	late    bool
	fail    error
}

func (m *memory) SigningKeys(_ context.Context, issuer string) ([]keys.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.late {
		m.late = false
		return nil, m.fail
	}
	var out []keys.Row
	for _, r := range m.rows {
		if r.Issuer == issuer {
			out = append(out, r)
		}
	}
	return out, m.fail
}

func (m *memory) CreateFirstSigningKey(_ context.Context, row keys.Row) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := func(r keys.Row) bool { return r.Issuer == row.Issuer }
	if m.fail != nil || slices.ContainsFunc(m.rows, taken) {
		return false, m.fail
	}
	m.rows = append(m.rows, row)
	return true, nil
}

func (m *memory) LoadKeyring(context.Context) ([]byte, error) { return m.keyring, nil }

func (m *memory) CreateKeyring(_ context.Context, blob []byte) (bool, error) {
	m.keyring = blob
	return true, nil
}

// newSealer derives its key at full cost, so the tests share one.
var newSealer = sync.OnceValues(func() (*secret.Sealer, error) {
	return secret.OpenSealer(context.Background(), &memory{}, secret.NewText("a passphrase of the tests"))
})

func sealer(t *testing.T) *secret.Sealer {
	t.Helper()
	s, err := newSealer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T, m *memory, issuer string, when time.Time) *keys.Ring {
	t.Helper()
	r, err := keys.OpenRing(context.Background(), m, sealer(t), issuer, when)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOpenRing_AS69_C6_MakesTheFirstKeyOnce(t *testing.T) {
	m := &memory{}
	first, again := open(t, m, issuer, now), open(t, m, issuer, now)
	if len(m.rows) != 1 || first.Signer().Public().KeyID != again.Signer().Public().KeyID {
		t.Errorf("C6 %d keys after two openings", len(m.rows))
	}
	if alg := first.Signer().Algorithm(); alg != "ES256" {
		t.Errorf("AS69 first key signs by %s", alg)
	}
	other := open(t, m, "https://other.example", now)
	if other.Signer().Public().KeyID == first.Signer().Public().KeyID {
		t.Error("C6 two issuers share a key")
	}
	raw, err := first.Signer().Sign("at+jwt", map[string]any{"iss": issuer})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.Parse(raw, []string{"ES256"}, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := token.VerifyWith(again.Public()); err != nil {
		t.Errorf("C4 the published set does not verify what the ring signs: %v", err)
	}
	if _, _, err := token.VerifyWith(other.Public()); err == nil {
		t.Error("C6 another issuer's set verifies it")
	}
	if rows := m.rows; strings.Contains(string(rows[0].Sealed), "PRIVATE") || len(rows[0].Sealed) == 0 {
		t.Error("C3 the private half is not sealed")
	}
}

func TestOpenRing_C6_TheLoserUsesTheWinnersKey(t *testing.T) {
	m := &memory{}
	winner := open(t, m, issuer, now)
	m.late = true
	loser := open(t, m, issuer, now)
	if len(m.rows) != 1 || loser.Signer().Public().KeyID != winner.Signer().Public().KeyID {
		t.Errorf("C6 %d keys, loser signs by another: %v", len(m.rows), loser.Signer().Public().KeyID != winner.Signer().Public().KeyID)
	}
}

func TestOpenRing_C6_RetiredKeysAreStillPublishedForAnHour(t *testing.T) {
	m := &memory{}
	old := open(t, m, issuer, now.Add(-48*time.Hour)).Signer().Public().KeyID
	// A rotation stores the next key and retires the last.
	next := &memory{}
	_ = open(t, next, issuer, now)
	m.rows[0].RetiredAt = now
	m.rows = append(m.rows, next.rows[0])

	r := open(t, m, issuer, now.Add(time.Hour))
	if got := kids(r); len(got) != 2 || got[0] != old || r.Signer().Public().KeyID != got[1] {
		t.Errorf("C6 after 1 h: published %v, signing by %s", got, r.Signer().Public().KeyID)
	}
	r = open(t, m, issuer, now.Add(time.Hour+time.Second))
	if got := kids(r); len(got) != 1 || got[0] != r.Signer().Public().KeyID {
		t.Errorf("C6 after more than 1 h: published %v", got)
	}
}

func kids(r *keys.Ring) []string {
	var out []string
	for _, k := range r.Public().Keys() {
		out = append(out, k.KeyID)
	}
	return out
}

func TestOpenRing_C3_RefusesByReason(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, c := range []struct {
		name, reason string
		damage       func(t *testing.T, m *memory)
	}{
		{"C3 moved to another issuer", "signing key", func(t *testing.T, m *memory) {
			other := &memory{}
			_ = open(t, other, "https://other.example", now)
			m.rows = []keys.Row{other.rows[0]}
			m.rows[0].Issuer = issuer
		}},
		{"C3 sealed bytes changed", "signing key", func(_ *testing.T, m *memory) { m.rows[0].Sealed[len(m.rows[0].Sealed)-1] ^= 1 }},
		{"C7 another algorithm in the row", "not the one that its row names", func(_ *testing.T, m *memory) { m.rows[0].Algorithm = "PS256" }},
		{"C3 no key is sealed there", "not a private key", func(t *testing.T, m *memory) {
			sealed, err := sealer(t).Seal([]byte("x"), secret.Place{Table: "signing_keys", Column: "private_key", Key: issuer + " " + m.rows[0].ID})
			if err != nil {
				t.Fatal(err)
			}
			m.rows[0].Sealed = sealed
		}},
		{"C6 every key is retired", "every signing key is retired", func(_ *testing.T, m *memory) { m.rows[0].RetiredAt = now }},
		{"RS25 the store fails", "disk on fire", func(_ *testing.T, m *memory) { m.fail = broken }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			_ = open(t, m, issuer, now)
			c.damage(t, m)
			_, err := keys.OpenRing(context.Background(), m, sealer(t), issuer, now)
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("got %v, want the reason %q", err, c.reason)
			}
		})
	}
}
