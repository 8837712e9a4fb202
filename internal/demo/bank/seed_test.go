package bank

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSeed_IsBelievableAndTheSameAtEveryStart(t *testing.T) {
	accounts, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	again, err := seed()
	if err != nil || !reflect.DeepEqual(accounts, again) {
		t.Fatal("two starts differ", err)
	}
	currencies, customers, ibans, bookings := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0
	for _, a := range accounts {
		if iban, ok := parseIBAN(a.IBAN); !ok || iban != a.IBAN || ibans[a.IBAN] {
			t.Errorf("%s has the IBAN %s", a.ID, a.IBAN)
		}
		ibans[a.IBAN], currencies[a.Currency], customers[a.customer] = true, true, true
		bookings += len(a.transactions)
		if a.Balance <= 0 || a.Available != a.Balance || a.transactions[0].Balance != a.Balance {
			t.Errorf("%s has the balance %s", a.ID, a.Balance)
		}
		for i, tx := range a.transactions {
			day, err := time.Parse(time.DateOnly, tx.Day)
			if err != nil || tx.Amount == 0 || tx.Balance < 0 || tx.Counterparty == "" || tx.Category == "" || day.Year() != 2026 {
				t.Errorf("%s: %+v", a.ID, tx)
			}
			if i > 0 && tx.Balance+a.transactions[i-1].Amount != a.transactions[i-1].Balance {
				t.Errorf("%s: the balances before and after %s differ", a.ID, a.transactions[i-1].ID)
			}
		}
		if !slices.IsSortedFunc(a.transactions, func(x, y transaction) int { return strings.Compare(y.Day, x.Day) }) {
			t.Errorf("%s: the rows are not in order of time", a.ID)
		}
	}
	if len(currencies) != 3 || len(customers) < 4 || bookings < 55 {
		t.Errorf("%d currencies, %d customers, %d transactions", len(currencies), len(customers), bookings)
	}
	for client, consents := range SeedConsents() {
		for _, c := range consents {
			if !customers[c] {
				t.Errorf("%s has the consent of %s, who is no customer", client, c)
			}
		}
	}
}

func TestIBAN(t *testing.T) {
	for _, good := range []string{"GB33BUKB20201555555555", "DE89370400440532013000", "SE4550000000058398257466", "NL91ABNA0417164300", "FR1420041010050500013M02606", "GB82 WEST 1234 5698 7654 32"} {
		if _, ok := parseIBAN(good); !ok {
			t.Errorf("%s is an IBAN", good)
		}
	}
	for _, bad := range []string{"", "G", "GB", "GB3", "GB33", "GBXXBUKB20201555555555", "GB33BUKB2020155555555é", "GB33BUKB202015555555\x00\x00", "DE88370400440532013000", "US64SVBKUS6S3300958879"} {
		if _, ok := parseIBAN(bad); ok {
			t.Errorf("%q is no IBAN", bad)
		}
	}
	if got := newIBAN("DE", "370400440532013000"); got != "DE89370400440532013000" {
		t.Errorf("got %s", got)
	}
}

func FuzzParseMoney(f *testing.F) {
	f.Add("12.50")
	f.Add("-0.01")
	f.Add("10000000.00")
	f.Fuzz(func(t *testing.T, s string) {
		if m, ok := parseMoney(s); ok && m.String() != s && !(m == 0 && s == "-0.00") {
			t.Errorf("%q is read as %s", s, m)
		}
	})
}
