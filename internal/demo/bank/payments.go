package bank

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse.example/internal/protocol/jose"
)

const (
	maxBody     = 16 << 10 // bytes of a payment request
	maxPayments = 10_000   // kept in memory
	maxName     = 70       // characters, as in SEPA
	maxText     = 140
)

// payment is one payment, as clients see it.
type payment struct {
	ID            string    `json:"id"`
	Status        string    `json:"status"`
	DebtorAccount string    `json:"debtor_account"`
	Amount        money     `json:"amount"`
	Currency      string    `json:"currency"`
	CreditorIBAN  string    `json:"creditor_iban"`
	CreditorName  string    `json:"creditor_name"`
	Reference     string    `json:"reference,omitempty"`
	CreatedAt     time.Time `json:"created_at"`
}

// request is what an Idempotency-Key stands for.
type request struct {
	body      [sha256.Size]byte
	paymentID string
}

// order is the body of a payment request.
type order struct {
	DebtorAccount string `json:"debtor_account"`
	Amount        string `json:"amount"`
	Currency      string `json:"currency"`
	CreditorIBAN  string `json:"creditor_iban"`
	CreditorName  string `json:"creditor_name"`
	Reference     string `json:"reference"`
}

// pay makes a payment, once for each Idempotency-Key of a client: the same
// request again gets the same answer, another one with the same key is refused.
func (b *bank) pay(w http.ResponseWriter, r *http.Request, c client) error {
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var o order
	if err := jose.Decode(body, &o); err != nil {
		return refuse(http.StatusBadRequest, "The body is not the JSON object of a payment.")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	name, sum := c.id+"\x00"+key, sha256.Sum256(body)
	if before, ok := b.requests[name]; ok {
		if before.body != sum {
			return refuse(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another payment.")
		}
		return b.created(w, b.payments[before.paymentID])
	}
	p, err := b.order(c, o)
	if err != nil {
		return err
	}
	b.requests[name] = request{sum, p.ID}
	return b.created(w, p)
}

func (b *bank) created(w http.ResponseWriter, p *payment) error {
	w.Header().Set("Location", "/payments/"+p.ID)
	writeJSON(w, http.StatusCreated, p)
	return nil
}

// order judges a payment order and books it. The caller holds the lock.
func (b *bank) order(c client, o order) (*payment, error) {
	var faults []fault
	wrong := func(member, detail string) { faults = append(faults, fault{"#/" + member, detail}) }
	a, err := b.account(c, o.DebtorAccount)
	if err != nil {
		wrong("debtor_account", "It must be the id of an account whose holder has consented.")
	}
	amount, ok := parseMoney(o.Amount)
	if !ok || amount <= 0 {
		wrong("amount", `It must be a string with two decimals above zero, such as "12.50".`)
	}
	if !slices.Contains([]string{"EUR", "GBP", "SEK"}, o.Currency) {
		wrong("currency", "It must be EUR, GBP or SEK.")
	} else if a != nil && o.Currency != a.Currency {
		wrong("currency", "It must be the account's currency, "+a.Currency+".")
	}
	iban, ok := parseIBAN(o.CreditorIBAN)
	if !ok {
		wrong("creditor_iban", "It must be an IBAN whose length and check digits are right.")
	}
	if !isText(o.CreditorName, maxName) || o.CreditorName == "" {
		wrong("creditor_name", "It must be 1 to 70 printable characters.")
	}
	if !isText(o.Reference, maxText) {
		wrong("reference", "It must be at most 140 printable characters.")
	}
	if len(faults) == 0 && a.Available < amount {
		wrong("amount", "The account has not so much available.")
	}
	if len(faults) > 0 {
		p := refuse(http.StatusUnprocessableEntity, "The payment is not one that can be made.")
		p.Errors = faults
		return nil, p
	}
	if len(b.payments) >= maxPayments {
		return nil, refuse(http.StatusServiceUnavailable, "The sample bank keeps no more payments. Start it anew.")
	}
	a.Available -= amount
	p := &payment{
		ID: "pay-" + strings.ToLower(rand.Text()), Status: "accepted", DebtorAccount: a.ID, Amount: amount, Currency: o.Currency,
		CreditorIBAN: iban, CreditorName: o.CreditorName, Reference: o.Reference, CreatedAt: b.now().UTC().Truncate(time.Second),
	}
	b.payments[p.ID] = p
	return p, nil
}

func (b *bank) showPayment(w http.ResponseWriter, c client, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.payments[id]
	if p == nil {
		return refuse(http.StatusNotFound, "There is no such payment.")
	}
	if _, err := b.account(c, p.DebtorAccount); err != nil {
		return refuse(http.StatusNotFound, "There is no such payment.")
	}
	writeJSON(w, http.StatusOK, p)
	return nil
}

// idempotencyKey reads the one key that a payment must have.
func idempotencyKey(h http.Header) (string, error) {
	keys := h.Values("Idempotency-Key")
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > 64 || strings.ContainsFunc(keys[0], func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", refuse(http.StatusBadRequest, "A payment needs one Idempotency-Key header of 1 to 64 visible characters, so that it is made once however often it is sent.")
	}
	return keys[0], nil
}

// readBody reads a JSON body of bounded size.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "The body must be sent as application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "A payment has at most 16 KiB.")
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The body ended before it was whole.")
	}
	return body, nil
}

// isText tells whether s is at most n printable characters.
func isText(s string, n int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= n && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
