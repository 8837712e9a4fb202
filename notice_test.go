package gatehouse_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFloors_N4_AS57_C7_Notice shows that each check notices what it is there
// for: every case is a small made-up tree that breaks one rule.
func TestFloors_N4_AS57_C7_Notice(t *testing.T) {
	for _, c := range []struct {
		name, tree string
		want       string // a part of the one complaint; "" when the tree is sound
	}{
		{"a sound tree", `
-- oauth/a.go --
package oauth
import "time"
type Code string
func F(time.Time) Code { return "" }
-- dpop/a.go --
package dpop
import ("gatehouse.example/oauth"; "gatehouse.example/internal/protocol/jose")
func Verify() (oauth.Code, error) { jose.Parse(); return "", nil }
-- internal/protocol/jose/a.go --
package jose
import gojose "github.com/go-jose/go-jose/v4"
func Parse() { gojose.ParseSignedCompact("", nil) }
-- internal/gateway/a.go --
package gateway
import "gatehouse.example/internal/gateway/proxy"
var _ = proxy.P
-- internal/gateway/proxy/a.go --
package proxy
var P int
-- internal/gateway/a_test.go --
package gateway
import "gatehouse.example/internal/serve"
func init() { serve.Run() }
-- internal/serve/a.go --
package serve
func Run() {}
`, ""},
		{"a folder on no floor", "-- internal/attic/a.go --\npackage attic\n",
			"internal/attic is on no floor"},
		{"an import of a higher floor", `
-- internal/web/a.go --
package web
import _ "gatehouse.example/internal/grant"
-- internal/grant/a.go --
package grant
`, "internal/web/a.go:2: internal/web (ground) imports internal/grant (domain), which lies higher"},
		{"a door that opens onto a door", `
-- internal/gateway/a.go --
package gateway
import _ "gatehouse.example/internal/edge"
-- internal/edge/a.go --
package edge
`, "the door internal/gateway imports the door internal/edge"},
		{"a door's part that opens onto another part", `
-- internal/authserver/token/a.go --
package token
import _ "gatehouse.example/internal/authserver/discovery"
-- internal/authserver/discovery/a.go --
package discovery
`, "imports internal/authserver/discovery of the same door"},
		{"configuration below the roof", `
-- internal/gateway/a.go --
package gateway
import _ "gatehouse.example/internal/config"
-- internal/config/a.go --
package config
`, "internal/config, which only the roof may"},
		{"test support in shipped code", `
-- internal/policy/a.go --
package policy
import _ "gatehouse.example/internal/leaveout"
-- internal/leaveout/a.go --
package leaveout
`, "internal/leaveout is for tests only"},
		{"a library outside its room", "-- internal/gateway/a.go --\npackage gateway\nimport _ \"modernc.org/sqlite\"\n",
			"modernc.org/sqlite is outside its room"},
		{"a library that nobody chose", "-- internal/gateway/a.go --\npackage gateway\nimport _ \"github.com/golang-jwt/jwt/v5\"\n",
			"github.com/golang-jwt/jwt/v5 has no room in the plan"},
		{"a library under a room's name", "-- dpop/a.go --\npackage dpop\nimport \"github.com/go-jose/go-jose/v4\"\nvar _ = jose.ES256\n",
			`is imported as "gojose" everywhere`},
		{"an importable room that reaches too far", `
-- resource/a.go --
package resource
import _ "gatehouse.example/internal/secret"
-- internal/secret/a.go --
package secret
import _ "github.com/tink-crypto/tink-go/v2/aead"
`, "resource is importable and reaches github.com/tink-crypto/tink-go/v2/aead"},
		{"a protocol room that opens files", "-- dpop/a.go --\npackage dpop\nimport _ \"os\"\n",
			"a protocol room is pure and does not import os"},
		{"a room without a sign", "-- internal/web/util/a.go --\npackage wutil\n",
			"internal/web/util: the name of a room says what is in it"},
		{"a room that shadows a standard package", "-- internal/web/headers/a.go --\npackage http\n",
			"the package name http says nothing"},
		{"an init function", "-- internal/web/a.go --\npackage web\nfunc init() {}\n",
			"internal/web/a.go:2: init runs unasked"},
		{"AS57 an access token made beside the grants", `
-- internal/authserver/a.go --
package authserver
import "gatehouse.example/internal/protocol/accesstoken"
var _ = accesstoken.Sign
-- internal/protocol/accesstoken/a.go --
package accesstoken
func Sign() {}
`, "only internal/grant makes access tokens"},
		{"C7 a JWS in any serialisation", "-- dpop/a.go --\npackage dpop\nimport gojose \"github.com/go-jose/go-jose/v4\"\nvar _ = gojose.ParseSigned\n",
			"it accepts JSON serialisation"},
		{"C7 network JSON by encoding/json", "-- dpop/a.go --\npackage dpop\nimport j \"encoding/json\"\nvar _ = j.Unmarshal\n",
			"it takes duplicate and differently cased members"},
		{"N4 an unchecked certificate in a literal", "-- fapiclient/a.go --\npackage fapiclient\nimport \"crypto/tls\"\nvar _ = tls.Config{InsecureSkipVerify: true}\n",
			"N4: nothing outside tests skips"},
		{"N4 an unchecked certificate by assignment", "-- fapiclient/a.go --\npackage fapiclient\nimport \"crypto/tls\"\nfunc f(c *tls.Config) { c.InsecureSkipVerify = true }\n",
			"N4: nothing outside tests skips"},
	} {
		t.Run(c.name, func(t *testing.T) { notices(t, c.tree, c.want) })
	}
}

// TestFloors_NoticeInternalTypes is about what an importing program can see.
func TestFloors_NoticeInternalTypes(t *testing.T) {
	const inside = "\n-- internal/clock/a.go --\npackage clock\ntype Clock func()\ntype Hand interface{ Clock }\nfunc System() Clock { return nil }\n"
	const head = "-- oauth/a.go --\npackage oauth\nimport \"gatehouse.example/internal/clock\"\n"
	for _, c := range []struct{ name, code, want string }{
		{"hidden in an unexported field", "type T struct { c clock.Clock }\nfunc (T) m() clock.Clock { return nil }\nfunc F() { clock.System() }", ""},
		{"parameter", "func F(clock.Clock) {}", "oauth.F mentions"},
		{"result, behind pointers and slices", "func F() []*clock.Clock { return nil }", "oauth.F mentions"},
		{"map key in a func type", "type F func(map[clock.Hand]int)", "oauth.F mentions"},
		{"method", "type T struct{}\nfunc (*T) M(c ...clock.Clock) {}", "oauth.T mentions"},
		{"exported field", "type T struct { Now clock.Clock }", "oauth.T mentions"},
		{"embedded field", "type T struct { clock.Clock }", "oauth.T mentions"},
		{"field of an embedded unexported struct", "type t struct { Now clock.Clock }\ntype T struct { t }", "oauth.T mentions"},
		{"method of an unexported result", "type t struct{}\nfunc (t) M() clock.Clock { return nil }\nfunc F() t { return t{} }", "oauth.F mentions"},
		{"alias", "type T = clock.Clock", "oauth.T mentions"},
		{"inferred variable", "var V = clock.System()", "oauth.V mentions"},
		{"constraint", "func F[T clock.Hand](T) {}", "oauth.F mentions"},
		{"interface method", "type I interface { M(clock.Clock) }", "oauth.I mentions"},
		{"type of its own over it", "type T clock.Clock", ""},
	} {
		t.Run(c.name, func(t *testing.T) { notices(t, head+c.code+inside, c.want) })
	}
}

func notices(t *testing.T, archive, want string) {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(strings.TrimPrefix(archive, "\n"))).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	made, err := readTree(files)
	if err != nil {
		t.Fatal(err)
	}
	got := complaints(made)
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("complains of a sound tree: %q", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("got %q, want one complaint with %q", got, want)
	}
}
