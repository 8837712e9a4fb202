package bank

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

//go:embed openapi.json
var openAPI string

// placeholder stands in openapi.json for where clients get tokens.
const placeholder = `"https://TOKEN-URL"`

// describe completes the API's description.
func describe(tokenURL string) ([]byte, error) {
	quoted, err := json.Marshal(tokenURL)
	if err != nil {
		return nil, err
	}
	if strings.Count(openAPI, placeholder) != 1 {
		return nil, fmt.Errorf("openapi.json must have %s once", placeholder)
	}
	return []byte(strings.Replace(openAPI, placeholder, string(quoted), 1)), nil
}

func serveDescription(w http.ResponseWriter, r *http.Request, description []byte) error {
	return only(r, "GET", func() error {
		writeJSON(w, http.StatusOK, json.RawMessage(description))
		return nil
	})
}
