package bank

import (
	"slices"
	"strings"
	"testing"
)

type accountSeen struct {
	ID, Holder, Name, Kind, Currency, IBAN, Balance, Available string
}

type transactionSeen struct {
	ID, Date, Amount, Currency, Counterparty, Category, Reference string
	BalanceAfter                                                  string `json:"balance_after"`
}

type transactionsSeen struct {
	AccountID    string `json:"account_id"`
	Transactions []transactionSeen
	More         bool
}

func accountIDs(t *testing.T, client string) []string {
	t.Helper()
	list := decode[struct{ Accounts []accountSeen }](t, ask(t, open(t), client, "GET", "/accounts", ""), 200, "application/json")
	ids := []string{}
	for _, a := range list.Accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

func TestAccounts_OnlyOfCustomersThatConsented(t *testing.T) {
	for client, want := range map[string]string{
		"demo-partner":      "acc-1001-1 acc-1001-2 acc-1001-3 acc-1002-1 acc-1002-2",
		"demo-partner-mtls": "acc-1002-1 acc-1002-2 acc-1003-1 acc-1004-1",
		"stranger":          "",
		"Demo-Partner":      "",
	} {
		if got := strings.Join(accountIDs(t, client), " "); got != want {
			t.Errorf("%s sees %q, want %q", client, got, want)
		}
	}
}

func TestAccounts_AnothersLooksLikeNone(t *testing.T) {
	h := open(t)
	for _, id := range []string{"acc-1003-1", "acc-1005-1", "acc-9999-9", "acc-1001-1%20"} {
		target := "/accounts/" + id
		wantProblem(t, ask(t, h, "demo-partner", "GET", target, ""), 404, "There is no such account, or its holder has not consented.")
		wantProblem(t, ask(t, h, "demo-partner", "GET", target+"/transactions", ""), 404, "There is no such account, or its holder has not consented.")
	}
	a := decode[accountSeen](t, ask(t, h, "demo-partner", "GET", "/accounts/acc-1002-1", ""), 200, "application/json")
	if a.Holder != "James Okafor" || a.Currency != "GBP" || !strings.HasPrefix(a.IBAN, "GB") || a.Balance != a.Available {
		t.Errorf("got %+v", a)
	}
}

func TestTransactions_Range(t *testing.T) {
	h := open(t)
	get := func(query string) transactionsSeen {
		t.Helper()
		return decode[transactionsSeen](t, ask(t, h, "demo-partner", "GET", "/accounts/acc-1002-1/transactions"+query, ""), 200, "application/json")
	}
	all := get("")
	if len(all.Transactions) != 16 || all.More || all.AccountID != "acc-1002-1" {
		t.Fatalf("got %d, more %v", len(all.Transactions), all.More)
	}
	if !slices.IsSortedFunc(all.Transactions, func(a, b transactionSeen) int { return strings.Compare(b.Date, a.Date) }) {
		t.Error("they are not in order, the newest first")
	}
	if two := get("?limit=2"); len(two.Transactions) != 2 || !two.More || two.Transactions[0] != all.Transactions[0] {
		t.Errorf("got %+v", two)
	}
	if october := get("?from=2026-10-01&to=2026-10-01"); len(october.Transactions) != 2 || october.Transactions[0].Date != "2026-10-01" {
		t.Errorf("got %+v", october)
	}
	if none := get("?from=2027-01-01"); none.Transactions == nil || len(none.Transactions) != 0 {
		t.Errorf("got %+v", none)
	}
	for query, detail := range map[string]string{
		"?from=yesterday":        "from and to are days, such as 2026-10-01.",
		"?to=2026-13-01":         "from and to are days, such as 2026-10-01.",
		"?limit=0":               "limit is a number from 1 to 200.",
		"?limit=201":             "limit is a number from 1 to 200.",
		"?limit=":                "limit is a number from 1 to 200.",
		"?limit=1&limit=2":       "The query may have from, to and limit, each once.",
		"?customer=cust-1003":    "The query may have from, to and limit, each once.",
		"?from=%zz":              "The query is malformed.",
		"?from=2026-10-01;to=xx": "The query is malformed.",
	} {
		wantProblem(t, ask(t, h, "demo-partner", "GET", "/accounts/acc-1002-1/transactions"+query, ""), 400, detail)
	}
}
