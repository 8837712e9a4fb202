package bank

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

const goodOrder = `{"debtor_account":"acc-1002-1","amount":"12.50","currency":"GBP","creditor_iban":"GB33BUKB20201555555555","creditor_name":"Foxtons Lettings","reference":"Keys"}`

type paymentSeen struct {
	ID, Status, Amount, Currency, Reference string
	DebtorAccount                           string `json:"debtor_account"`
	CreditorIBAN                            string `json:"creditor_iban"`
	CreditorName                            string `json:"creditor_name"`
	CreatedAt                               string `json:"created_at"`
}

// with replaces one member's value, as JSON, in the good order.
func with(member, value string) string {
	start := strings.Index(goodOrder, `"`+member+`":`) + len(member) + 3
	end := start + 1 + strings.IndexByte(goodOrder[start+1:], '"') + 1
	return goodOrder[:start] + value + goodOrder[end:]
}

func TestPayments_MadeOnce(t *testing.T) {
	h := open(t)
	jsonBody := []string{"Content-Type", "application/json; charset=utf-8", "Idempotency-Key", "k-1"}
	resp := ask(t, h, "demo-partner", "POST", "/payments", goodOrder, jsonBody...)
	first := decode[paymentSeen](t, resp, 201, "application/json")
	want := paymentSeen{ID: first.ID, Status: "accepted", Amount: "12.50", Currency: "GBP", Reference: "Keys", DebtorAccount: "acc-1002-1",
		CreditorIBAN: "GB33BUKB20201555555555", CreditorName: "Foxtons Lettings", CreatedAt: "2026-11-22T12:00:00Z"}
	if first != want || !strings.HasPrefix(first.ID, "pay-") || resp.Header.Get("Location") != "/payments/"+first.ID {
		t.Fatalf("got %+v, at %s", first, resp.Header.Get("Location"))
	}
	t.Run("the same again is the same payment", func(t *testing.T) {
		again := decode[paymentSeen](t, ask(t, h, "demo-partner", "POST", "/payments", goodOrder, jsonBody...), 201, "application/json")
		if again != first {
			t.Errorf("got %+v", again)
		}
	})
	t.Run("another order with the same key", func(t *testing.T) {
		wantProblem(t, ask(t, h, "demo-partner", "POST", "/payments", with("amount", `"13.00"`), jsonBody...), 422, "This Idempotency-Key was used for another payment.")
	})
	t.Run("another client's key is its own", func(t *testing.T) {
		other := decode[paymentSeen](t, ask(t, h, "demo-partner-mtls", "POST", "/payments", goodOrder, jsonBody...), 201, "application/json")
		if other.ID == first.ID {
			t.Error("two clients share a payment")
		}
	})
	t.Run("it can be seen", func(t *testing.T) {
		seen := decode[paymentSeen](t, ask(t, h, "demo-partner", "GET", "/payments/"+first.ID, ""), 200, "application/json")
		if seen != first {
			t.Errorf("got %+v", seen)
		}
		wantProblem(t, ask(t, h, "stranger", "GET", "/payments/"+first.ID, ""), 404, "There is no such payment.")
		wantProblem(t, ask(t, h, "demo-partner", "GET", "/payments/pay-none", ""), 404, "There is no such payment.")
	})
	t.Run("it is no more available", func(t *testing.T) {
		a := decode[accountSeen](t, ask(t, h, "demo-partner", "GET", "/accounts/acc-1002-1", ""), 200, "application/json")
		before, _ := parseMoney(a.Balance)
		after, _ := parseMoney(a.Available)
		if before-after != 2500 {
			t.Errorf("balance %s, available %s", a.Balance, a.Available)
		}
	})
}

func TestPayments_OneWinnerAmongMany(t *testing.T) {
	h := open(t)
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			ids[i] = ask(t, h, "demo-partner", "POST", "/payments", goodOrder, "Content-Type", "application/json", "Idempotency-Key", "same").Header.Get("Location")
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("got %q", ids)
		}
	}
}

func TestPayments_OrdersThatCannotBeMade(t *testing.T) {
	h := open(t)
	for i, c := range []struct{ name, body, pointer, detail string }{
		{"another's account", with("debtor_account", `"acc-1003-1"`), "#/debtor_account", "It must be the id of an account whose holder has consented."},
		{"no amount", with("amount", `""`), "#/amount", amountDetail},
		{"zero", with("amount", `"0.00"`), "#/amount", amountDetail},
		{"negative", with("amount", `"-1.00"`), "#/amount", amountDetail},
		{"three decimals", with("amount", `"1.000"`), "#/amount", amountDetail},
		{"leading zero", with("amount", `"01.00"`), "#/amount", amountDetail},
		{"exponent", with("amount", `"1e3.00"`), "#/amount", amountDetail},
		{"more than ten million", with("amount", `"10000000.01"`), "#/amount", amountDetail},
		{"more than there is", with("amount", `"9999999.00"`), "#/amount", "The account has not so much available."},
		{"other currency", with("currency", `"EUR"`), "#/currency", "It must be the account's currency, GBP."},
		{"unknown currency", with("currency", `"gbp"`), "#/currency", "It must be EUR, GBP or SEK."},
		{"wrong check digits", with("creditor_iban", `"GB34BUKB20201555555555"`), "#/creditor_iban", ibanDetail},
		{"short IBAN", with("creditor_iban", `"GB33BUKB2020155555555"`), "#/creditor_iban", ibanDetail},
		{"IBAN of nowhere", with("creditor_iban", `"XX33BUKB20201555555555"`), "#/creditor_iban", ibanDetail},
		{"IBAN in lower case", with("creditor_iban", `"gb33bukb20201555555555"`), "#/creditor_iban", ibanDetail},
		{"no IBAN", with("creditor_iban", `""`), "#/creditor_iban", ibanDetail},
		{"no name", with("creditor_name", `""`), "#/creditor_name", "It must be 1 to 70 printable characters."},
		{"long name", with("creditor_name", `"`+strings.Repeat("é", 71)+`"`), "#/creditor_name", "It must be 1 to 70 printable characters."},
		{"name with a line break", with("creditor_name", `"a\nb"`), "#/creditor_name", "It must be 1 to 70 printable characters."},
		{"long reference", with("reference", `"`+strings.Repeat("x", 141)+`"`), "#/reference", "It must be at most 140 printable characters."},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := ask(t, h, "demo-partner", "POST", "/payments", c.body, "Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("k", i))
			p := wantProblem(t, resp, 422, "The payment is not one that can be made.")
			if len(p.Errors) != 1 || p.Errors[0] != (fault{c.pointer, c.detail}) {
				t.Errorf("got %+v", p.Errors)
			}
		})
	}
	t.Run("a refused order does not use up its key", func(t *testing.T) {
		resp := ask(t, h, "demo-partner", "POST", "/payments", goodOrder, "Content-Type", "application/json", "Idempotency-Key", "k0")
		decode[paymentSeen](t, resp, 201, "application/json")
	})
	t.Run("every mistake at once", func(t *testing.T) {
		resp := ask(t, h, "demo-partner", "POST", "/payments", "{}", "Content-Type", "application/json", "Idempotency-Key", "all")
		if p := wantProblem(t, resp, 422, "The payment is not one that can be made."); len(p.Errors) != 5 {
			t.Errorf("got %+v", p.Errors)
		}
	})
}

const (
	amountDetail = `It must be a string with two decimals above zero, such as "12.50".`
	ibanDetail   = "It must be an IBAN whose length and check digits are right."
)

func TestPayments_RequestsThatAreMalformed(t *testing.T) {
	h := open(t)
	const asJSON, key = "application/json", "Idempotency-Key"
	keyDetail := "A payment needs one Idempotency-Key header of 1 to 64 visible characters, so that it is made once however often it is sent."
	for _, c := range []struct {
		name, body string
		status     int
		detail     string
		header     []string
	}{
		{"no key", goodOrder, 400, keyDetail, []string{"Content-Type", asJSON}},
		{"two keys", goodOrder, 400, keyDetail, []string{"Content-Type", asJSON, key, "a", key, "b"}},
		{"empty key", goodOrder, 400, keyDetail, []string{"Content-Type", asJSON, key, ""}},
		{"long key", goodOrder, 400, keyDetail, []string{"Content-Type", asJSON, key, strings.Repeat("k", 65)}},
		{"key with a space", goodOrder, 400, keyDetail, []string{"Content-Type", asJSON, key, "a b"}},
		{"no media type", goodOrder, 415, "The body must be sent as application/json.", []string{key, "a"}},
		{"a form", goodOrder, 415, "The body must be sent as application/json.", []string{"Content-Type", "application/x-www-form-urlencoded", key, "a"}},
		{"not JSON", "amount=1", 400, "The body is not the JSON object of a payment.", []string{"Content-Type", asJSON, key, "a"}},
		{"empty", "", 400, "The body is not the JSON object of a payment.", []string{"Content-Type", asJSON, key, "a"}},
		{"amount as a number", with("amount", "12.50"), 400, "The body is not the JSON object of a payment.", []string{"Content-Type", asJSON, key, "a"}},
		{"a member twice", goodOrder[:len(goodOrder)-1] + `,"amount":"99.00"}`, 400, "The body is not the JSON object of a payment.", []string{"Content-Type", asJSON, key, "a"}},
		{"too large", goodOrder + strings.Repeat(" ", 16<<10), 413, "A payment has at most 16 KiB.", []string{"Content-Type", asJSON, key, "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantProblem(t, ask(t, h, "demo-partner", "POST", "/payments", c.body, c.header...), c.status, c.detail)
		})
	}
}

func TestPayments_MemoryIsBounded(t *testing.T) {
	b := &bank{payments: map[string]*payment{}, now: config().Now, accounts: []*account{{ID: "acc-1002-1", customer: "c", Currency: "GBP", Available: maxAmount}}}
	c := client{"x", []string{"c"}}
	o := order{"acc-1002-1", "0.01", "GBP", "GB33BUKB20201555555555", "A", ""}
	for range maxPayments {
		if _, err := b.order(c, o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.order(c, o); err == nil || err.(*problem).Status != 503 {
		t.Errorf("got %v", err)
	}
}
