package bank

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

//go:embed seed/accounts.csv
var accountsCSV string

//go:embed seed/transactions.csv
var transactionsCSV string

// SeedConsents is the seeded consent table: which customers let which client
// see their accounts and pay from them. The last customer consented to nobody.
func SeedConsents() map[string][]string {
	return map[string][]string{
		"demo-partner":      {"cust-1001", "cust-1002"},
		"demo-partner-mtls": {"cust-1002", "cust-1003", "cust-1004"},
	}
}

// account is one account, as clients see it but for the customer.
type account struct {
	ID        string `json:"id"`
	customer  string
	Holder    string `json:"holder"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Currency  string `json:"currency"`
	IBAN      string `json:"iban"`
	Balance   money  `json:"balance"`   // booked
	Available money  `json:"available"` // booked, less payments that are on their way

	transactions []transaction // newest first
}

// transaction is one booking of an account.
type transaction struct {
	ID           string `json:"id"`
	Day          string `json:"date"` // YYYY-MM-DD
	Amount       money  `json:"amount"`
	Currency     string `json:"currency"`
	Counterparty string `json:"counterparty"`
	Category     string `json:"category"`
	Reference    string `json:"reference,omitempty"`
	Balance      money  `json:"balance_after"`
}

// seed builds the accounts, with the bookings and the balances they lead to.
func seed() ([]*account, error) {
	var accounts []*account
	rows, err := readCSV(accountsCSV, 9)
	if err != nil {
		return nil, fmt.Errorf("accounts.csv: %w", err)
	}
	for _, r := range rows {
		opening, ok := parseMoney(r[8])
		if !ok {
			return nil, fmt.Errorf("accounts.csv: %s opens with %q", r[0], r[8])
		}
		accounts = append(accounts, &account{
			ID: r[0], customer: r[1], Holder: r[2], Name: r[3], Kind: r[4], Currency: r[5],
			IBAN: newIBAN(r[6], r[7]), Balance: opening,
		})
	}
	if rows, err = readCSV(transactionsCSV, 6); err != nil {
		return nil, fmt.Errorf("transactions.csv: %w", err)
	}
	for _, r := range rows {
		if err := book(accounts, r); err != nil {
			return nil, fmt.Errorf("transactions.csv: %w", err)
		}
	}
	for _, a := range accounts {
		a.Available = a.Balance
		slices.Reverse(a.transactions)
	}
	return accounts, nil
}

// book adds one row's booking to its account. Rows are in order of time.
func book(accounts []*account, r []string) error {
	i := slices.IndexFunc(accounts, func(a *account) bool { return a.ID == r[0] })
	amount, ok := parseMoney(r[2])
	if i < 0 || !ok {
		return fmt.Errorf("row %q names no account or no amount", r)
	}
	a := accounts[i]
	a.Balance += amount
	a.transactions = append(a.transactions, transaction{
		ID: fmt.Sprintf("tx-%s-%03d", strings.TrimPrefix(a.ID, "acc-"), len(a.transactions)+1), Day: r[1], Amount: amount,
		Currency: a.Currency, Counterparty: r[3], Category: r[4], Reference: r[5], Balance: a.Balance,
	})
	return nil
}

func readCSV(text string, fields int) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', fields
	return r.ReadAll()
}
