package replay_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse.example/internal/replay"
	"gatehouse.example/internal/secret"
	"gatehouse.example/internal/store/storetest"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 250_000_000, time.UTC)

const issuer = "https://as.example"

func spend(t *testing.T, s replay.Store, issuer, jti string, expires, now time.Time) bool {
	t.Helper()
	won, err := s.Spend(context.Background(), issuer, replay.Key("dpop", jti), expires, now)
	if err != nil {
		t.Fatalf("spending %s: %v", jti, err)
	}
	return won
}

func TestMemory_RS10_AS9_RS25_KeepsTheContract(t *testing.T) {
	storetest.Replay(t, func(*testing.T) replay.Store { return replay.NewMemory(start, 100_000) })
}

func TestMemory_RS10_OneOfManyWins(t *testing.T) {
	m := replay.NewMemory(start, 100)
	var winners atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			won, err := m.Spend(context.Background(), issuer, replay.Key("dpop", "one"), start.Add(time.Minute), start)
			if err != nil {
				t.Error(err)
			}
			if won {
				winners.Add(1)
			}
		})
	}
	all.Wait()
	if n := winners.Load(); n != 1 {
		t.Errorf("RS10 %d callers won", n)
	}
}

func TestMemory_RS10_RemembersUntilExpiry(t *testing.T) {
	m, expires := replay.NewMemory(start, 100), start.Add(90*time.Second)
	steps := []struct {
		name string
		at   time.Time
		won  bool
	}{
		{"RS10 first use", start, true},
		{"RS10 again at once", start, false},
		{"RS10 again with other times", start.Add(time.Second), false},
		{"RS10 just before it expires", expires.Add(-time.Microsecond), false},
		{"RS10 when it has expired", expires, true},
		{"RS10 and then again", expires.Add(time.Millisecond), false},
		{"RS10 after the second in which the first use expired", expires.Add(5 * time.Second), false},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			if won := spend(t, m, issuer, "one", s.at.Add(90*time.Second), s.at); won != s.won {
				t.Errorf("won is %v", won)
			}
		})
	}
}

func TestMemory_RS10_EachIssuerForItself(t *testing.T) {
	m := replay.NewMemory(start, 100)
	for _, is := range []string{issuer, "https://other.example", ""} {
		if !spend(t, m, is, "one", start.Add(time.Minute), start) {
			t.Errorf("RS10 the jti of another issuer counts at %q", is)
		}
		if spend(t, m, is, "one", start.Add(time.Minute), start) {
			t.Errorf("RS10 a jti was used twice at %q", is)
		}
	}
}

func TestMemory_RS10_RS25_FailsClosed(t *testing.T) {
	m := replay.NewMemory(start, 2)
	expires := start.Add(time.Minute)
	spend(t, m, issuer, "one", expires, start)
	spend(t, m, issuer, "two", expires, start)
	won, err := m.Spend(context.Background(), issuer, replay.Key("dpop", "three"), expires, start)
	if won || !errors.Is(err, replay.ErrFull) {
		t.Errorf("RS25 at the limit: won %v, %v", won, err)
	}
	if spend(t, m, issuer, "one", expires, start) {
		t.Error("RS10 at the limit a used jti was forgotten")
	}
	if !spend(t, m, issuer, "three", start.Add(3*time.Minute), start.Add(2*time.Minute)) {
		t.Error("RS10 expired keys still count against the limit")
	}
	for _, expires := range []time.Time{start, start.Add(-time.Hour)} {
		won, err := m.Spend(context.Background(), issuer, replay.Key("dpop", "old"), expires, start)
		if won || !errors.Is(err, replay.ErrExpired) {
			t.Errorf("RS25 expired on arrival: won %v, %v", won, err)
		}
	}
	if won, err := replay.NewMemory(start, 0).Spend(context.Background(), issuer, replay.Key("dpop", "x"), expires, start); won || err == nil {
		t.Error("RS25 a memory without room lets a proof pass")
	}
}

// A steady stream must hold no more than what is live and a little, whatever
// the time that has passed, and a long pause must not make one caller pay.
func TestMemory_RS10_ForgetsWhatHasExpired(t *testing.T) {
	m, now := replay.NewMemory(start, 1_000_000), start
	const perSecond, life = 50, 20
	for i := range 200 * perSecond {
		now = start.Add(time.Duration(i) * time.Second / perSecond)
		spend(t, m, issuer, strconv.Itoa(i), now.Add(life*time.Second), now)
		if live := m.Len(); live > (life+3)*perSecond {
			t.Fatalf("RS10 %d keys are held when at most %d live", live, life*perSecond)
		}
	}
	before := m.Len()
	now = now.Add(time.Hour)
	spend(t, m, issuer, "after the pause", now.Add(time.Minute), now)
	if swept := before + 1 - m.Len(); swept <= 0 || swept > 64 {
		t.Errorf("RS10 one call swept %d keys", swept)
	}
	for i := range before {
		spend(t, m, issuer, "later "+strconv.Itoa(i), now.Add(time.Minute), now)
	}
	if held := m.Len(); held != before+1 {
		t.Errorf("RS10 %d keys are held, %d live", held, before+1)
	}
}

func TestMemory_RS10_ClockSetBack(t *testing.T) {
	m := replay.NewMemory(start, 100)
	later := start.Add(time.Hour)
	spend(t, m, issuer, "one", later.Add(time.Minute), later)
	if spend(t, m, issuer, "one", start.Add(time.Minute), start) {
		t.Error("RS10 a jti is free again when the clock is set back")
	}
	if !spend(t, m, issuer, "two", start.Add(time.Minute), start) {
		t.Error("RS10 nothing can be spent when the clock is set back")
	}
}

func TestMemory_RS10_SaysSinceWhenItRemembers(t *testing.T) {
	if got := replay.NewMemory(start, 1).Started(); !got.Equal(start) {
		t.Errorf("RS10 started %s", got)
	}
}

func TestKey_RS10_NoTwoListsAgree(t *testing.T) {
	lists := [][]string{
		{"dpop"}, {"dpop", ""}, {"dpop", "", ""}, {"dpop", "ab", "c"}, {"dpop", "a", "bc"}, {"dpop", "abc"},
		{"dpopabc"}, {"assertion", "ab", "c"}, {"dpop", string(make([]byte, 600))}, {"dpop", string(make([]byte, 601))},
	}
	seen := map[secret.Digest]int{}
	for i, l := range lists {
		k := replay.Key(l[0], l[1:]...)
		if other, ok := seen[k]; ok {
			t.Errorf("RS10 %q and %q have one key", l, lists[other])
		}
		seen[k] = i
		if replay.Key(l[0], l[1:]...) != k {
			t.Errorf("RS10 %q has two keys", l)
		}
	}
}
