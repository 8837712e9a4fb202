package config

import (
	"os"
	"strings"
	"testing"
)

// goodFile is a right configuration of both parts, which the tests damage.
func goodFile(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("testdata/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// edited is the good file with each old text, which must be there once,
// replaced by the new one after it.
func edited(t testing.TB, oldNew ...string) string {
	t.Helper()
	text := goodFile(t)
	for i := 0; i < len(oldNew); i += 2 {
		if n := strings.Count(text, oldNew[i]); n != 1 {
			t.Fatalf("%q is in the good file %d times, not once", oldNew[i], n)
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return text
}

// parsed is the configuration of a text that must be right.
func parsed(t testing.TB, text string, parts Parts) *Config {
	t.Helper()
	c, problems := Parse("gatehouse.yaml", []byte(text), parts)
	if c == nil || len(problems) > 0 {
		t.Fatalf("the file was refused:\n%s", problems)
	}
	return c
}

// refusal is a damaged file and what must be said of it: each want is a whole
// message, "key: text".
type refusal struct {
	name   string
	oldNew []string
	want   []string
}

func one(name, old, new string, want ...string) refusal {
	return refusal{name, []string{old, new}, want}
}

func refuseEach(t *testing.T, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := messages(t, edited(t, c.oldNew...))
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// messages are the problems of a text without their places.
func messages(t testing.TB, text string) []string {
	t.Helper()
	config, problems := Parse("gatehouse.yaml", []byte(text), Whole())
	if (config == nil) != (len(problems) > 0) {
		t.Fatalf("config %v with problems %v: one of the two is wanted", config, problems)
	}
	var out []string
	for _, p := range problems {
		message := p.Text
		if p.Key != "" {
			message = p.Key + ": " + message
		}
		out = append(out, message)
	}
	return out
}
