package gatehouse_test

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tests column of "+requirementsFile)

const requirementsFile = "docs/requirements.md"

// requirementID is an id as it stands between underscores in a test's name.
var requirementID = regexp.MustCompile(`^(N[0-9]+|C[0-9]+|AS[0-9]+b?|CL[0-9]+|RS[0-9]{1,2}b?)$`)

// TestRequirements holds the table to the tree: a rule that is done or done
// in part has tests, a test names rules that exist, and the tests column
// lists just the tests that name the rule.
func TestRequirements(t *testing.T) {
	text, err := os.ReadFile(requirementsFile)
	if err != nil {
		t.Fatal(err)
	}
	rewritten, complaints := judgeRequirements(string(text), testsByID(ownTree(t)))
	if *update {
		if err := os.WriteFile(requirementsFile, []byte(rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if rewritten != string(text) {
		t.Errorf("the tests column of %s is not true; run: go test -run Requirements . -update", requirementsFile)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}

// testsByID gives, for each requirement id, the tests and fuzz targets whose
// names carry it, as folder.Name, sorted.
func testsByID(tr *tree) map[string][]string {
	out := map[string][]string{}
	for _, s := range tr.files {
		if !s.test {
			continue
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !isTest(f.Name.Name) {
				continue
			}
			for part := range strings.SplitSeq(f.Name.Name, "_") {
				if requirementID.MatchString(part) {
					out[part] = append(out[part], strings.TrimPrefix(s.dir+"."+f.Name.Name, ".."))
				}
			}
		}
	}
	for id := range out {
		slices.Sort(out[id])
		out[id] = slices.Compact(out[id])
	}
	return out
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// judgeRequirements goes through the table's rows. It returns the text with
// the tests column as it should be, and what is wrong beside that.
func judgeRequirements(text string, tests map[string][]string) (rewritten string, complaints []string) {
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		id := strings.TrimSpace(cells[0])
		if !strings.HasPrefix(line, "|") || !requirementID.MatchString(id) {
			continue
		}
		if len(cells) != 4 {
			complain("%s: the row has %d cells in place of 4", id, len(cells))
			continue
		}
		if known[id] {
			complain("%s has two rows", id)
		}
		known[id] = true
		switch state := strings.TrimSpace(cells[2]); {
		case state != "done" && state != "part" && state != "later":
			complain("%s: the state %q is none of done, part, later", id, state)
		case state != "later" && len(tests[id]) == 0:
			complain("%s is marked %s and no test names it", id, state)
		}
		lines[i] = fmt.Sprintf("| %s | %s | %s | %s |", id, strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), column(tests[id]))
		lines[i] = strings.Replace(lines[i], "|  |", "| |", 1)
	}
	for id, names := range tests {
		if !known[id] {
			complain("%s: the table has no rule %s", names[0], id)
		}
	}
	slices.Sort(complaints)
	return strings.Join(lines, "\n"), complaints
}

func column(tests []string) string {
	quoted := make([]string, len(tests))
	for i, name := range tests {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}

// TestRequirements_Notice shows that the check finds what it is there for.
func TestRequirements_Notice(t *testing.T) {
	tests := map[string][]string{"AS9": {"a.TestX_AS9"}, "RS7": {"b.TestY_RS7"}}
	for _, c := range []struct {
		name, table, rewritten string
		complaints             []string
	}{
		{"all true", "| AS9 | a rule | done | `a.TestX_AS9` |\n| RS7 | r | later | `b.TestY_RS7` |", "", nil},
		{"column is filled in", "| AS9 | a rule | done | |\n|RS7|r|part|`old`|",
			"| AS9 | a rule | done | `a.TestX_AS9` |\n| RS7 | r | part | `b.TestY_RS7` |", nil},
		{"done without a test", "| AS9 | a | done | `a.TestX_AS9` |\n| RS7 | r | done | `b.TestY_RS7` |\n| N1 | t | done | |", "",
			[]string{"N1 is marked done and no test names it"}},
		{"in part without a test", "| AS9 | a | done | `a.TestX_AS9` |\n| RS7 | r | done | `b.TestY_RS7` |\n| N1 | t | part | |", "",
			[]string{"N1 is marked part and no test names it"}},
		{"test of an unknown rule", "| AS9 | a | done | `a.TestX_AS9` |", "", []string{"b.TestY_RS7: the table has no rule RS7"}},
		{"unknown state", "| AS9 | a | soon | `a.TestX_AS9` |\n| RS7 | r | done | `b.TestY_RS7` |", "",
			[]string{`AS9: the state "soon" is none of done, part, later`}},
		{"row twice", "| AS9 | a | done | `a.TestX_AS9` |\n| AS9 | a | done | `a.TestX_AS9` |\n| RS7 | r | done | `b.TestY_RS7` |", "",
			[]string{"AS9 has two rows"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rewritten, complaints := judgeRequirements(c.table, tests)
			if want := c.rewritten; rewritten != c.table && rewritten != want {
				t.Errorf("rewritten to\n%s\nwant\n%s", rewritten, want)
			}
			if !slices.Equal(complaints, c.complaints) {
				t.Errorf("complains %q, want %q", complaints, c.complaints)
			}
		})
	}
}
