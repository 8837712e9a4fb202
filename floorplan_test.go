package gatehouse_test

import "strings"

// floor is how high a room lies. Code imports lower floors freely.
type floor int

const (
	ground   floor = iota + 1 // vocabulary and small tools, no protocol
	protocol                  // both sides of each message; pure
	domain                    // state and decisions
	doors                     // ways in, and the stores behind
	roof                      // puts the house together
	support                   // for tests only
)

var floorNames = map[floor]string{
	ground: "ground", protocol: "protocol", domain: "domain", doors: "doors", roof: "roof", support: "test support",
}

// room is one folder of the plan. Its sub-folders belong to it, unless they
// are rooms of the plan themselves.
type room struct {
	dir        string
	floor      floor
	importable bool // programs outside this module may import it
}

// plan is docs/architecture.md as data. A folder that is not here fails the
// test, and so does a room here that does not exist.
var plan = []room{
	{dir: "oauth", floor: ground, importable: true},
	{dir: "internal/audit", floor: ground},
	{dir: "internal/clock", floor: ground},
	{dir: "internal/digest", floor: ground},
	{dir: "internal/outbound", floor: ground},
	{dir: "internal/profile", floor: ground},
	{dir: "internal/recent", floor: ground},
	{dir: "internal/secret", floor: ground},
	{dir: "internal/signer", floor: ground},
	{dir: "internal/web", floor: ground},

	{dir: "mtls", floor: protocol, importable: true},
	{dir: "dpop", floor: protocol, importable: true},
	{dir: "internal/protocol/jose", floor: protocol},
	{dir: "internal/protocol/confirmation", floor: protocol},
	{dir: "internal/protocol/accesstoken", floor: protocol},
	{dir: "internal/protocol/clientauth", floor: protocol},
	{dir: "internal/protocol/assertion", floor: protocol},

	{dir: "internal/ca", floor: domain},
	{dir: "internal/grant", floor: domain},
	{dir: "internal/jwks", floor: domain},
	{dir: "internal/keys", floor: domain},
	{dir: "internal/policy", floor: domain},
	{dir: "internal/registry", floor: domain},
	{dir: "internal/replay", floor: domain},
	{dir: "resource", floor: domain, importable: true},
	{dir: "fapiclient", floor: domain, importable: true},

	{dir: "internal/authserver", floor: doors},
	{dir: "internal/gateway", floor: doors},
	{dir: "internal/edge", floor: doors},
	{dir: "internal/store/sqlstore", floor: doors},

	{dir: "internal/config", floor: roof},
	{dir: "internal/serve", floor: roof},
	{dir: "internal/demo", floor: roof},
	{dir: "cmd/gatehouse", floor: roof},
	{dir: "bench", floor: roof},

	{dir: "internal/leaveout", floor: support},
	{dir: "internal/store/storetest", floor: support},
	{dir: "mtls/mtlstest", floor: support},
}

// exceptions are imports that break a rule of the floors all the same, each
// with its reason. One that is no longer needed fails the test.
var exceptions = []struct{ from, to, reason string }{}

// library is a third-party import path prefix and the rooms that may use it.
type library struct {
	prefix string
	rooms  []string // room folders, or "floor:doors" for a whole floor
	reason string
}

var libraries = []library{
	{"github.com/go-jose/go-jose/v4", []string{"floor:protocol", "floor:domain", "floor:doors", "floor:roof", "floor:test support"},
		"all JOSE cryptography is its work; the ground floor knows no protocol"},
	{"go.opentelemetry.io/otel/trace", []string{"floor:ground", "floor:domain", "floor:doors", "floor:roof"},
		"trace ids are passed on where requests are answered and made"},
	{"go.opentelemetry.io/otel/propagation", []string{"internal/web"}, "reads and writes traceparent, once for every door"},
	{"github.com/prometheus/client_golang", []string{"floor:doors", "floor:roof"}, "rooms below count in plain numbers; doors publish them"},
	{"github.com/tink-crypto/tink-go/v2", []string{"internal/secret"}, "secrets that must be read back are sealed in one room"},
	{"golang.org/x/crypto/argon2", []string{"internal/secret"}, "the sealing passphrase becomes a key in one room"},
	{"modernc.org/sqlite", []string{"internal/store/sqlstore"}, "SQL is spoken by stores only"},
	{"github.com/pressly/goose/v3", []string{"internal/store/sqlstore"}, "SQL is spoken by stores only"},
	{"go.yaml.in/yaml/v3", []string{"floor:roof"}, "configuration is a file only above the doors"},
	{"github.com/google/go-cmp", []string{"floor:test support"}, "compares in tests"},
	{"github.com/spf13/cobra", []string{"cmd/gatehouse"}, "flags and printing only"},
	{"charm.land/lipgloss/v2", []string{"floor:roof"}, "flags and printing only"},
}

// outsideLibraries are all that an importable room, and whatever it reaches
// in this module, may bring into somebody else's program.
var outsideLibraries = []string{"github.com/go-jose/go-jose/v4", "go.opentelemetry.io/otel/trace"}

// libraryNames are the names under which a library must be imported whose own
// name is that of a room.
var libraryNames = map[string]string{
	"github.com/go-jose/go-jose/v4":      "gojose",
	"github.com/go-jose/go-jose/v4/jwt":  "gojwt",
	"github.com/go-jose/go-jose/v4/json": "", // stands in for encoding/json, as "json"
}

// impure are the standard packages that a protocol room has no use for: it
// turns bytes and facts into a value or an error, and reaches for nothing.
var impure = []string{"net/http", "database/sql", "os", "log", "log/slog"}

// noNames say nothing about what is behind the door, or shadow a standard
// package that a server imports.
var noNames = strings.Fields(`util utils common helper helpers misc types models shared core base pkg lib
	http url time json tls log context errors io net crypto`)

// bannedCall is a name of another package that shipped code does not use.
type bannedCall struct {
	pkg, name string
	ids       string // the requirements it would break
	reason    string
	except    []string // rooms that may
}

var bannedCalls = []bannedCall{
	{"encoding/json", "Unmarshal", "", "it takes duplicate and differently cased members; decode by internal/protocol/jose or go-jose's json", nil},
	{"encoding/json", "NewDecoder", "", "it takes duplicate and differently cased members; decode by internal/protocol/jose or go-jose's json", nil},
	{"github.com/go-jose/go-jose/v4", "ParseSigned", "C7", "it accepts JSON serialisation; use ParseSignedCompact", nil},
	{"github.com/go-jose/go-jose/v4", "ParseSignedJSON", "C7", "only compact serialisation is accepted", nil},
	{module + "/internal/protocol/accesstoken", "Sign", "AS57", "only internal/grant makes access tokens, from what was redeemed", []string{"internal/grant"}},
	{"net/http", "DefaultClient", "N4", "it has no timeout and no limits; use internal/outbound, or a client of the room's own", []string{"bench"}},
	{"net/http", "Get", "N4", "it uses http.DefaultClient", nil},
	{"net/http", "Post", "N4", "it uses http.DefaultClient", nil},
	{"net/http/httputil", "NewSingleHostReverseProxy", "RS19", "it uses Director, behind which a client's Connection header strips what was set; use Rewrite", nil},
}
