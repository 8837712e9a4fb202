package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"gatehouse.example/oauth"
)

// retryAfter is what a client is told to wait when the server cannot answer:
// about as long as a full disk or a lost store takes to be noticed and mended.
const retryAfter = 5 * time.Second

// RenderOAuth writes a refusal as an authorization server's endpoint does:
// a JSON object with error and error_description (RFC 6749 §5.2), under the
// refusal's own status. A 503 says when to come back (RFC 9110 §10.2.3).
func RenderOAuth(w http.ResponseWriter, _ *http.Request, refusal *oauth.Refusal) {
	status := refusal.HTTPStatus()
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	w.Header().Set("Cache-Control", "no-store")
	_ = WriteJSON(w, status, oauth.ErrorResponse{Error: refusal.Code, Description: refusal.Description})
}

// WriteJSON answers with v as JSON. When v cannot be written as JSON it
// returns the error before anything is sent; an answer that the client no
// longer reads is no error.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // nosniff is set; URLs stay readable
	if err := encoder.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
	return nil
}
