package starter

import (
	"bytes"
	_ "embed"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"gatehouse.example/oauth"
)

//go:embed gatehouse.yaml.tmpl
var configText string

//go:embed client.yaml.tmpl
var clientText string

var quoting = template.FuncMap{
	"q":    strconv.Quote, // for printable text a YAML double-quoted scalar as well
	"y":    word,
	"list": list,
	"url":  URL,
	"dn":   func(c Client) string { return subject(c).String() },
	"file": func(path string) string { return word("file:" + path) },
}

var (
	configTemplate = template.Must(template.New("gatehouse.yaml").Funcs(quoting).Parse(configText))
	clientTemplate = template.Must(template.New("client.yaml").Funcs(quoting).Parse(clientText))
)

// plainWord is what YAML reads as text without quotes, wherever it stands.
var plainWord = regexp.MustCompile(`^([a-z]+[._-][a-z0-9._-]*[a-z0-9]|file:[A-Za-z0-9./_-]+|[A-Z]{3,}[0-9]*|dpop|mtls|either)$`)

func word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

func list(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = word(w)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// configuration renders gatehouse.yaml, with its files relative to it.
func (m *maker) configuration() error {
	rel := m.r.relative
	files := struct {
		Server                   Pair
		Own, Partner             CA
		SealingKey, AssertionKey string
		Clients                  []ClientFiles
	}{
		Server:       Pair{rel(m.r.Server.Certificate), rel(m.r.Server.Key)},
		Own:          CA{Certificate: rel(m.r.Own.Certificate)},
		Partner:      CA{Certificate: rel(m.r.Partner.Certificate)},
		SealingKey:   rel(m.r.SealingKey),
		AssertionKey: rel(m.r.assertionKey()),
	}
	for _, c := range m.r.Clients {
		files.Clients = append(files.Clients, ClientFiles{JWKS: rel(c.JWKS)})
	}
	var b bytes.Buffer
	err := configTemplate.Execute(&b, struct {
		Options
		Files any
	}{m.o, files})
	if err != nil {
		return err
	}
	m.public(m.r.Config, b.Bytes())
	return nil
}

// callFile renders what gatehouse call reads, beside the client's keys.
func callFile(r Result, o Options, c Client, at ClientFiles) ([]byte, error) {
	ca, err := filepath.Rel(filepath.Dir(at.File), r.Own.Certificate)
	if err != nil {
		return nil, err
	}
	key := ""
	if c.Auth == oauth.AuthPrivateKeyJWT {
		key = filepath.Base(at.Key)
	}
	audience := ""
	if len(c.Audiences) > 0 {
		audience = c.Audiences[0]
	}
	var b bytes.Buffer
	err = clientTemplate.Execute(&b, map[string]string{
		"Issuer": URL(o.Ports.AuthServer), "ID": c.ID, "Key": key,
		"Certificate":    filepath.Base(at.Certificate.Certificate),
		"CertificateKey": filepath.Base(at.Certificate.Key),
		"CA":             filepath.ToSlash(ca),
		"Scope":          strings.Join(c.Scopes, " "), "Audience": audience,
	})
	return b.Bytes(), err
}
