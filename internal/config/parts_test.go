package config

import (
	"strings"
	"testing"
)

func only(t *testing.T, names ...string) Parts {
	t.Helper()
	p, err := Only(names...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParts_Only(t *testing.T) {
	for _, c := range []struct {
		parts           Parts
		server, gateway bool
	}{
		{Whole(), true, true},
		{only(t, "authserver"), true, false},
		{only(t, "gateway"), false, true},
		{only(t, "gateway", "authserver"), true, true},
	} {
		config := parsed(t, goodFile(t), c.parts)
		if (config.AuthServer != nil) != c.server || (config.Gateway != nil) != c.gateway {
			t.Errorf("%v gives server %v, gateway %v", c.parts.only, config.AuthServer != nil, config.Gateway != nil)
		}
		if c.gateway != (len(config.Unsafe) == 1) {
			t.Errorf("%v reports %v", c.parts.only, config.Unsafe)
		}
	}
}

func TestParts_UnknownName(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, "no part is named; the parts are authserver, gateway"},
		{[]string{"gatway"}, `"gatway" is not a part (did you mean gateway?); the parts are authserver, gateway`},
	} {
		if _, err := Only(c.names...); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v", c.names, err)
		}
	}
}

// section cuts one section out of the good file.
func section(t *testing.T, name, next string) string {
	t.Helper()
	text := goodFile(t)
	from, to := strings.Index(text, "\n"+name+":")+1, len(text)
	if next != "" {
		to = strings.Index(text, "\n"+next+":") + 1
	}
	return text[:from] + text[to:]
}

// A gateway needs no section of the server, and the other way round; but a
// part that was asked for has to be there.
func TestParts_Alone(t *testing.T) {
	gateway := section(t, "authserver", "gateway")
	for _, p := range []Parts{Whole(), only(t, "gateway")} {
		if c := parsed(t, gateway, p); c.AuthServer != nil || c.Gateway == nil {
			t.Errorf("a gateway alone: %+v", c)
		}
	}
	server := section(t, "gateway", "")
	if c := parsed(t, server, only(t, "authserver")); c.Gateway != nil || c.AuthServer == nil {
		t.Errorf("a server alone: %+v", c)
	}
	for text, p := range map[string]Parts{gateway: only(t, "authserver"), server: only(t, "gateway")} {
		_, problems := Parse("gatehouse.yaml", []byte(text), p)
		want := p.only[0] + ": is missing; this part was asked for, so the file needs its section"
		if len(problems) != 1 || !strings.HasSuffix(problems.String(), want) {
			t.Errorf("got %s, want %s", problems, want)
		}
	}
}

func TestParts_NothingToRun(t *testing.T) {
	text := `{version: 1, scopes: {a.b: {description: "x"}}, audit: {sink: stdout}}`
	want := "there is nothing to run; expected a section authserver, a section gateway, or both"
	if got := messages(t, text); len(got) != 1 || got[0] != want {
		t.Errorf("got %q", got)
	}
}

// Parts that run apart may listen on the same address, each on its machine.
func TestParts_SameAddressElsewhere(t *testing.T) {
	text := edited(t, `listen: "127.0.0.1:9444"`, `listen: "127.0.0.1:9442"`)
	parsed(t, text, only(t, "gateway"))
	parsed(t, text, only(t, "authserver"))
	if got := messages(t, text); len(got) != 1 {
		t.Errorf("on one machine: %q", got)
	}
}
