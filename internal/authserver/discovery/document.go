package discovery

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"gatehouse.example/internal/web"
	"gatehouse.example/oauth"
)

// cacheFor is how long a document may be kept: the 10 minutes after which a
// verifier fetches keys again (RS24).
const cacheFor = "public, max-age=600"

// Document serves v, written as JSON now, to GET and HEAD.
func Document(v any) (http.Handler, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return web.API(func(w http.ResponseWriter, r *http.Request) error {
		header := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			return oauth.Refuse("AS1", oauth.InvalidRequest, "This document is read by GET.").WithStatus(http.StatusMethodNotAllowed)
		}
		header.Set("Cache-Control", cacheFor)
		header.Set("Content-Type", "application/json")
		header.Set("Content-Length", strconv.Itoa(body.Len()))
		_, _ = w.Write(body.Bytes())
		return nil
	}, web.RenderOAuth), nil
}
