package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"gatehouse.example/oauth"
)

const formType = "application/x-www-form-urlencoded"

// ReadForm reads the parameters of a POST whose body is a form of at most
// maxBytes. It refuses another method (405 with Allow) and a larger body
// (413) by rule AS19, another content type (415) and a body that comes too
// slowly (408, see [BodyWithin]) by AS19, parameters in the query string, where
// credentials must not be, by AS6, and a repeated or malformed parameter by
// AS29. It uses w only to say Allow and to stop reading.
func ReadForm(w http.ResponseWriter, r *http.Request, maxBytes int64) (oauth.Parameters, error) {
	none := oauth.Parameters{}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return none, oauth.Refuse("AS19", oauth.InvalidRequest, "This endpoint accepts only POST.").WithStatus(http.StatusMethodNotAllowed)
	}
	if r.URL.RawQuery != "" {
		return none, oauth.Refuse("AS6", oauth.InvalidRequest, "Parameters belong in the request body, never in the URL.")
	}
	if !isForm(r.Header) {
		return none, oauth.Refuse("AS19", oauth.InvalidRequest, "The content type must be "+formType+".").WithStatus(http.StatusUnsupportedMediaType)
	}
	body, err := readBody(w, r, maxBytes)
	if err != nil {
		return none, err
	}
	return oauth.ParseParameters(body)
}

// isForm tells whether the headers announce one plain form. The only
// parameter that may stand beside the type is charset=utf-8, which several
// client libraries send and which is the encoding there is (RFC 6749 App. B).
func isForm(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || len(h.Values("Content-Encoding")) > 0 {
		return false
	}
	media, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || media != formType {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

func readBody(w http.ResponseWriter, r *http.Request, maxBytes int64) (string, error) {
	tooLarge := oauth.Refuse("AS19", oauth.InvalidRequest, "The request body is too large.").WithStatus(http.StatusRequestEntityTooLarge)
	if r.ContentLength > maxBytes {
		return "", tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if err == nil {
		bodyArrived(w)
		return string(body), nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", oauth.Refuse("AS19", oauth.InvalidRequest, "The request body took too long to arrive.").WithStatus(http.StatusRequestTimeout).Because(err)
	}
	if limit := (*http.MaxBytesError)(nil); errors.As(err, &limit) {
		return "", tooLarge.Because(err)
	}
	return "", oauth.Refuse("AS19", oauth.InvalidRequest, "The request body could not be read.").Because(err)
}
