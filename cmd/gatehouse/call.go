package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.example/dpop"
	"gatehouse.example/fapiclient"
)

// callOptions are the flags of gatehouse call.
type callOptions struct {
	client, dir        string
	method             string
	data               string
	headers            []string
	scope              string
	audience, resource []string
	mtls               bool
	verbose, include   bool
	output             string
	timeout            time.Duration
}

func callCommand() *cobra.Command {
	var o callOptions
	cmd := &cobra.Command{
		Use:   "call --client NAME|FILE [flags] URL",
		Short: "curl for FAPI: call an API with a token that is bound to its caller",
		Long: `Calls an API as a registered client. It reads the issuer's metadata, proves
itself by private_key_jwt, gets an access token that is bound to a fresh DPoP
key, and sends the call with the proof, once more if a server asks for a nonce.
With --mtls the client's certificate does both: it authenticates the client and
binds the token. The body goes to standard output. An answer other than 2xx ends
with exit code 1 and one line on standard error that says what it means.

A client is a small YAML file; every path in it is relative to the file:

  issuer: https://localhost:9441
  client_id: demo-partner
  key: demo-partner.key               # private key, for private_key_jwt
  key_id: 2026-11                     # optional: its kid, if not the thumbprint
  certificate: demo-partner.pem       # client certificate, shown to servers that ask for one
  certificate_key: demo-partner.tls.key
  ca: ../tls/ca.pem                   # optional: whom to trust, instead of the system's
  scope: accounts.read                # optional; --scope replaces it
  audience: https://api.bank.example  # optional; --audience or --resource replaces it

A NAME is the file clients/NAME.yaml in --dir or else in the first of
$GATEHOUSE_HOME, the working folder and ./gatehouse-demo that has it.`,
		Example: `  gatehouse call --client demo-partner https://localhost:9443/accounts
  gatehouse call --client demo-partner -v https://localhost:9443/accounts
  gatehouse call --client demo-partner-mtls --mtls https://localhost:9444/accounts
  gatehouse call --client ./partner.yaml --scope payments.write -d @payment.json \
      -H 'Idempotency-Key: 7f1c' https://localhost:9443/payments
  jq -n '{amount: "10.00"}' | gatehouse call --client demo-partner -d - -i URL`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("call needs one URL, it got %d; see gatehouse call --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
			defer cancel()
			return oneLine(o.call(ctx, cmd, args[0]))
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	f := cmd.Flags()
	f.StringVar(&o.client, "client", "", "who calls: a `NAME or file` (required)")
	f.StringVar(&o.dir, "dir", "", "the `folder` in which clients/NAME.yaml is")
	f.StringVarP(&o.method, "request", "X", "", "the `method` (default GET, with data POST)")
	f.StringVarP(&o.data, "data", "d", "", "the body: `text`, @file, or - for standard input")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "a `header`, as 'Name: value'; may be repeated")
	f.StringVar(&o.scope, "scope", "", "the `scopes` to ask for, separated by spaces")
	f.StringArrayVar(&o.audience, "audience", nil, "the API's `name`; may be repeated")
	f.StringArrayVar(&o.resource, "resource", nil, "the API's `URI` (RFC 8707); may be repeated")
	f.BoolVar(&o.mtls, "mtls", false, "authenticate and bind the token by the client's certificate")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell each exchange in words on standard error, without secrets")
	f.BoolVarP(&o.include, "include", "i", false, "print the status and the headers before the body")
	f.StringVarP(&o.output, "output", "o", "", "write the body to a `file`")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "for everything together")
	return cmd
}

// call is the command: who calls, what is called, the token, the call, and
// what came of it.
func (o *callOptions) call(ctx context.Context, cmd *cobra.Command, target string) error {
	if o.client == "" {
		return fmt.Errorf("call needs --client NAME or --client FILE; see gatehouse call --help")
	}
	who, err := readClientFile(o.client, o.dir)
	if err != nil {
		return err
	}
	req, err := o.request(ctx, cmd, target)
	if err != nil {
		return err
	}
	if o.verbose {
		ctx = fapiclient.WithObserver(ctx, teller(cmd.ErrOrStderr()))
	}
	client, err := o.connect(ctx, who)
	if err != nil {
		return explainError(err)
	}
	defer client.CloseIdleConnections()
	token, err := client.ClientCredentials(ctx, o.tokenRequest(cmd, who))
	if err != nil {
		return explainError(err)
	}
	resp, err := client.Do(ctx, req, token)
	if err != nil {
		return explainError(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := o.print(cmd.OutOrStdout(), resp); err != nil {
		return err
	}
	return explainAnswer(resp)
}

// connect discovers the issuer and makes the client that the flags ask for.
func (o *callOptions) connect(ctx context.Context, who *clientFile) (*fapiclient.Client, error) {
	roots, err := who.roots()
	if err != nil {
		return nil, err
	}
	certificate, err := who.certificate()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: roots}
	if certificate != nil {
		// A listener for partners asks everyone for a certificate, also a
		// caller whose token is bound to a DPoP key.
		config.Certificates = []tls.Certificate{*certificate}
	}
	httpClient := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true,
	}}
	cfg := fapiclient.Config{ClientID: who.values["client_id"], Now: time.Now, HTTP: httpClient}
	if o.mtls {
		if certificate == nil {
			return nil, fmt.Errorf("%s has no certificate, which --mtls needs; add certificate and certificate_key", who.path)
		}
		cfg.Authentication, cfg.Binding = fapiclient.TLSClient(*certificate), fapiclient.Certificate(*certificate)
	} else {
		key, err := who.key()
		if err != nil {
			return nil, err
		}
		proofKey, err := dpop.GenerateKey()
		if err != nil {
			return nil, err
		}
		cfg.Authentication, cfg.Binding = fapiclient.PrivateKeyJWT(key, who.values["key_id"]), fapiclient.DPoP(proofKey)
	}
	if cfg.Server, err = fapiclient.Discover(ctx, httpClient, who.values["issuer"]); err != nil {
		return nil, err
	}
	return fapiclient.New(cfg)
}

// tokenRequest is what the flags ask for, and otherwise what the file says.
func (o *callOptions) tokenRequest(cmd *cobra.Command, who *clientFile) fapiclient.TokenRequest {
	req := fapiclient.TokenRequest{Scope: o.scope, Audience: o.audience, Resource: o.resource}
	if !cmd.Flags().Changed("scope") {
		req.Scope = who.values["scope"]
	}
	if len(o.audience)+len(o.resource) == 0 && who.values["audience"] != "" {
		req.Audience = []string{who.values["audience"]}
	}
	return req
}

// request makes the call itself from the flags.
func (o *callOptions) request(ctx context.Context, cmd *cobra.Command, target string) (*http.Request, error) {
	method, body := o.method, io.Reader(nil)
	if cmd.Flags().Changed("data") {
		text, err := o.body(cmd.InOrStdin())
		if err != nil {
			return nil, err
		}
		body = strings.NewReader(text) // can be read again when a nonce is asked for
		if method == "" {
			method = http.MethodPost
		}
	}
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be called: %w", target, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "gatehouse-call")
	for i, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("header %q is not of the form 'Name: value'", h)
		}
		if strings.EqualFold(name, "Host") {
			return nil, errors.New("header Host follows from the URL and cannot be set")
		}
		canonical := http.CanonicalHeaderKey(name)
		if i == 0 || !slices.ContainsFunc(o.headers[:i], func(s string) bool {
			before, _, _ := strings.Cut(s, ":")
			return http.CanonicalHeaderKey(strings.TrimSpace(before)) == canonical
		}) {
			req.Header.Del(name) // what is given replaces what we would send
		}
		req.Header.Add(name, strings.TrimSpace(value))
	}
	return req, nil
}

func (o *callOptions) body(stdin io.Reader) (string, error) {
	name, fromFile := strings.CutPrefix(o.data, "@")
	switch {
	case o.data == "-" || o.data == "@-":
		b, err := io.ReadAll(stdin)
		if err != nil {
			return "", fmt.Errorf("standard input cannot be read: %w", err)
		}
		return string(b), nil
	case fromFile:
		b, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("the body cannot be read: %w", err)
		}
		return string(b), nil
	}
	return o.data, nil
}

// print writes the answer as it comes.
func (o *callOptions) print(stdout io.Writer, resp *http.Response) (err error) {
	if o.include {
		_, _ = fmt.Fprintf(stdout, "%s %s\n", resp.Proto, resp.Status)
		names := make([]string, 0, len(resp.Header))
		for name := range resp.Header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			for _, v := range resp.Header[name] {
				_, _ = fmt.Fprintf(stdout, "%s: %s\n", name, v)
			}
		}
		_, _ = fmt.Fprintln(stdout)
	}
	to := stdout
	if o.output != "" {
		file, err := os.Create(o.output)
		if err != nil {
			return fmt.Errorf("the body cannot be written: %w", err)
		}
		defer func() {
			if e := file.Close(); err == nil {
				err = e
			}
		}()
		to = file
	}
	if _, err := io.Copy(to, resp.Body); err != nil {
		return fmt.Errorf("the body ended before it was whole: %w", err)
	}
	return nil
}
