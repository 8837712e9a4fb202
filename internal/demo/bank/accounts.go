package bank

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Bounds of a list of transactions.
const (
	defaultLimit = 50
	maxLimit     = 200
)

func (b *bank) listAccounts(w http.ResponseWriter, c client) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := []*account{}
	for _, a := range b.accounts {
		if c.sees(a) {
			seen = append(seen, a)
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"accounts": seen})
	return nil
}

func (b *bank) showAccount(w http.ResponseWriter, c client, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, err := b.account(c, id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, a)
	return nil
}

// account finds an account that the client may see. The caller holds the lock.
func (b *bank) account(c client, id string) (*account, error) {
	for _, a := range b.accounts {
		if a.ID == id && c.sees(a) {
			return a, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "There is no such account, or its holder has not consented.")
}

func (b *bank) listTransactions(w http.ResponseWriter, r *http.Request, c client, id string) error {
	from, to, limit, err := readRange(r.URL.RawQuery)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a, err := b.account(c, id)
	if err != nil {
		return err
	}
	found := []transaction{}
	for _, t := range a.transactions {
		if (from == "" || t.Day >= from) && (to == "" || t.Day <= to) {
			found = append(found, t)
		}
	}
	more := len(found) > limit
	writeJSON(w, http.StatusOK, map[string]any{
		"account_id": a.ID, "transactions": found[:min(limit, len(found))], "more": more,
	})
	return nil
}

// readRange reads the query of a list: from and to are days, both included.
func readRange(query string) (from, to string, limit int, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", 0, refuse(http.StatusBadRequest, "The query is malformed.")
	}
	for name, v := range values {
		if len(v) > 1 || !slices.Contains([]string{"from", "to", "limit"}, name) {
			return "", "", 0, refuse(http.StatusBadRequest, "The query may have from, to and limit, each once.")
		}
	}
	from, to, limit = values.Get("from"), values.Get("to"), defaultLimit
	for _, day := range []string{from, to} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return "", "", 0, refuse(http.StatusBadRequest, "from and to are days, such as 2026-10-01.")
		}
	}
	if values.Has("limit") {
		if limit, err = strconv.Atoi(values.Get("limit")); err != nil || limit < 1 || limit > maxLimit {
			return "", "", 0, refuse(http.StatusBadRequest, "limit is a number from 1 to 200.")
		}
	}
	return from, to, limit, nil
}
