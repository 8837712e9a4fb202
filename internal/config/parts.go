package config

import (
	"fmt"
	"slices"
)

// The names of the parts, which are those of their sections.
const (
	PartAuthServer = "authserver"
	PartGateway    = "gateway"
)

var partNames = []string{PartAuthServer, PartGateway}

// Parts chooses which parts of the file are to run.
type Parts struct{ only []string }

// Whole chooses every part that the file has a section for.
func Whole() Parts { return Parts{} }

// Only chooses parts by name; each must have its section in the file. No
// name is an error: nothing would run.
func Only(names ...string) (Parts, error) {
	if len(names) == 0 {
		return Parts{}, fmt.Errorf("no part is named; the parts are %s", listed(partNames))
	}
	for _, n := range names {
		if !slices.Contains(partNames, n) {
			return Parts{}, fmt.Errorf("%s is not a part%s; the parts are %s", show(n), meant(n, partNames), listed(partNames))
		}
	}
	return Parts{slices.Clone(names)}, nil
}

// wants tells whether a part is to run, given that the file has its section.
func (p Parts) wants(name string) bool { return p.only == nil || slices.Contains(p.only, name) }

// demands tells whether a part was asked for by name.
func (p Parts) demands(name string) bool { return slices.Contains(p.only, name) }
