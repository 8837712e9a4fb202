package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"gatehouse.example/fapiclient"
	"gatehouse.example/oauth"
)

// teller prints each exchange in words.
func teller(w io.Writer) fapiclient.Observer {
	n := 0
	return func(e fapiclient.Exchange) {
		n++
		fmt.Fprintf(w, "%d. %s: %s %s\n", n, strings.ToUpper(e.Purpose[:1])+e.Purpose[1:], e.Method, e.URL)
		for _, f := range e.Sent {
			fmt.Fprintf(w, "   > %s: %s\n", f.Name, f.Value)
		}
		if e.Err != nil {
			fmt.Fprintf(w, "   < no answer: %v\n", e.Err)
			return
		}
		fmt.Fprintf(w, "   < %d %s\n", e.Status, http.StatusText(e.Status))
		again := false
		for _, f := range e.Received {
			fmt.Fprintf(w, "   < %s: %s\n", f.Name, f.Value)
			again = again || strings.Contains(f.Value, string(oauth.UseDPoPNonce))
		}
		if again {
			fmt.Fprintln(w, "   The server asks for a proof with its nonce, so that an old proof is worth nothing.")
		}
	}
}

// meanings say what an API's or a server's error code means and what to do.
var meanings = map[oauth.Code]string{
	oauth.InvalidToken:         "the access token is not good here: it has expired, is meant for another API (--audience, --resource), or is bound to another key or certificate",
	oauth.InvalidDPoPProof:     "the DPoP proof is not good here: look at this machine's clock, and whether the URL is the address by which the API is known",
	oauth.UseDPoPNonce:         "the server asks for a DPoP nonce again and again: something between here and it changes the requests",
	oauth.InsufficientScope:    "the token has not the scope that this endpoint needs: ask for it with --scope, if this client may have it",
	oauth.InvalidClient:        "the server does not take this client's proof of itself: compare client_id, key and certificate with what is registered",
	oauth.UnauthorizedClient:   "this client may not do that: ask the bank to allow the grant",
	oauth.InvalidScope:         "the scope is unknown or not for this client: see --scope",
	oauth.InvalidTarget:        "the API is unknown or not for this client: see --audience and --resource",
	oauth.InvalidRequest:       "the request is malformed",
	oauth.UnsupportedGrantType: "the server has no client_credentials grant",
}

// explainAnswer is nil for 2xx, and otherwise one line that says what the
// answer means.
func explainAnswer(resp *http.Response) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	said := fmt.Sprintf("the API answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	for _, c := range fapiclient.ReadChallenges(resp.Header) {
		code := oauth.Code(c.Parameters["error"])
		if code == "" {
			continue
		}
		said += " " + string(code)
		if d := c.Parameters["error_description"]; d != "" {
			said += " (" + strings.TrimSuffix(d, ".") + ")"
		}
		if s := c.Parameters["scope"]; code == oauth.InsufficientScope && s != "" {
			return fmt.Errorf("%s: the token has not the scope %q: ask for it with --scope, if this client may have it", said, s)
		}
		return withMeaning(said, code)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s: it saw no token that it knows", said)
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: nothing is at this path, or nothing that this client may see", said)
	case resp.StatusCode == http.StatusServiceUnavailable:
		return fmt.Errorf("%s: try again later", said)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fmt.Errorf("%s to %q: a redirect is not followed with a token", said, resp.Header.Get("Location"))
	}
	return errors.New(said)
}

func withMeaning(said string, code oauth.Code) error {
	if m := meanings[code]; m != "" {
		return fmt.Errorf("%s: %s", said, m)
	}
	return errors.New(said)
}

// explainError adds to an error what to do about it.
func explainError(err error) error {
	var refusal *fapiclient.ServerError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var timeout net.Error
	switch {
	case errors.As(err, &refusal):
		return withMeaning(strings.TrimSuffix(err.Error(), "."), refusal.Code)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; name the authority that issued the server's certificate as ca in the client's file", err)
	case errors.As(err, &name):
		return fmt.Errorf("%w; call the server by a name in its certificate", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w; nothing listens there: is the server running?", err)
	case strings.Contains(err.Error(), "tls: certificate required"):
		return fmt.Errorf("%w; the listener is for partners with a client certificate: add certificate and certificate_key to the client's file", err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w; it took too long: see --timeout", err)
	}
	return err
}

// oneLine keeps an error's text on one line, whatever a server put into it.
func oneLine(err error) error {
	if err == nil || !strings.ContainsAny(err.Error(), "\r\n") {
		return err
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}
