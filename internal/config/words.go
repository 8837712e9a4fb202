package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// maxShown bounds how much of a value or key a message repeats.
const maxShown = 80

var (
	keyMaterial = regexp.MustCompile(`-----BEGIN|PRIVATE KEY|"d"\s*:`)
	userinfo    = regexp.MustCompile(`//[^/?#]*@`)
	query       = regexp.MustCompile(`\?.*`)
)

// show quotes a value for a message: on one line, not too long, and without
// what looks like a key, a password in a URL or a query.
func show(s string) string {
	if keyMaterial.MatchString(s) {
		return "a text that holds a key (not shown)"
	}
	s = userinfo.ReplaceAllString(s, "//[not shown]@")
	if strings.Contains(s, "://") {
		s = query.ReplaceAllString(s, "?[not shown]")
	}
	return strconv.Quote(shorten(s))
}

// showKey gives a key as it stands when it looks like one, otherwise quoted.
func showKey(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}) {
		return shorten(name)
	}
	return show(name)
}

func shorten(s string) string {
	runes := []rune(s)
	if len(runes) <= maxShown {
		return s
	}
	return string(runes[:maxShown]) + "..."
}

// maxListed bounds how many names a message lists.
const maxListed = 20

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// meant adds " (did you mean ...?)" when one of the names is close to s.
func meant(s string, names []string) string {
	best, found := len(s)/3+1, ""
	if len(s) > maxShown {
		return ""
	}
	for _, n := range names {
		if d := distance(strings.ToLower(s), n); d <= best && d < len(n) {
			if d < best || found == "" {
				best, found = d, n
			}
		}
	}
	if found == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", found)
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between two words.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
