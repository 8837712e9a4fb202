package config

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// decoder collects what one reading of the file finds.
type decoder struct {
	file     string // as messages name it
	path     string // absolute
	folder   string // where relative paths start
	parts    Parts
	problems Problems
	unsafe   []Unsafe
	places   map[string]value    // every value read, by its key
	scopes   []Scope             // the declared ones, well-formed or not
	magic    map[*yaml.Node]bool // what must not be read, see refuseMagic
	claims   map[string]value    // who has a name or address, see claim
}

func newDecoder(name string, parts Parts) *decoder {
	path, err := filepath.Abs(name)
	if err != nil { // no working directory: relative paths stay relative
		path = name
	}
	return &decoder{
		file: name, path: path, folder: filepath.Dir(path), parts: parts,
		places: map[string]value{}, magic: map[*yaml.Node]bool{}, claims: map[string]value{},
	}
}

// report adds a problem. A message is one line whatever an error brought along.
func (d *decoder) report(n *yaml.Node, key, text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Column: n.Column, Key: key, Text: text})
}

// chosen tells whether a key belongs to a part that runs; keys outside of the
// parts' sections always do.
func (d *decoder) chosen(key string) bool {
	for _, part := range partNames {
		if strings.HasPrefix(key, part+".") {
			return d.parts.wants(part)
		}
	}
	return true
}

// document reads the one YAML document of the file, nil after a problem.
func (d *decoder) document(data []byte) *yaml.Node {
	whole := &yaml.Node{Line: 1, Column: 1}
	if !utf8.Valid(data) {
		d.report(whole, "", "the file is not UTF-8 text")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		d.report(whole, "", "the file is empty; gatehouse init writes one to start from")
		return nil
	}
	if err != nil {
		d.reportSyntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		d.report(&second, "", "a second document begins here; the file is one document")
	case !errors.Is(err, io.EOF):
		d.reportSyntax(err)
	}
	d.refuseMagic(&doc)
	return doc.Content[0]
}

var syntaxLine = regexp.MustCompile(`^yaml: line ([0-9]+): (.*)$`)

// reportSyntax words the YAML library's error. It repeats nothing of the file:
// an unknown anchor's name, say, may be a secret that begins with '*'.
func (d *decoder) reportSyntax(err error) {
	at, text := &yaml.Node{}, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		at.Line, _ = strconv.Atoi(m[1]) // only digits, and no more than lines
		at.Column, text = 1, m[2]
	}
	if strings.Contains(text, "anchor") {
		text = magic
	} else {
		text = "not valid YAML: " + text
	}
	d.report(at, "", text)
}

const magic = "anchors, aliases, merges and tags are not used in this file; " +
	"write the value out, and put a text that starts with & * or ! in quotes"

// refuseMagic reports whatever would make a value come from somewhere other
// than where it stands. An alias is not followed. What cannot be read for that
// reason is not reported a second time.
func (d *decoder) refuseMagic(n *yaml.Node) {
	unreadable := n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge"
	if unreadable {
		d.magic[n] = true
	}
	if unreadable || n.Anchor != "" {
		d.report(n, "", magic)
	}
	for _, c := range n.Content {
		d.refuseMagic(c)
	}
}
