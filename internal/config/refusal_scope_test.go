package config

import "testing"

func TestRefusal_Scopes(t *testing.T) {
	refuseEach(t, []refusal{
		one("misspelt in a route", "scope: payments.write", "scope: payment.write",
			`gateway.routes[2].scope: "payment.write" is not a declared scope; declared: accounts.read, payments.write, kyc.admin (did you mean payments.write?)`),
		one("misspelt in an API", "payments.write, kyc.admin]}", "payments.wirte, kyc.admin]}",
			`authserver.issuers[0].apis[0].scopes[1]: "payments.wirte" is not a declared scope; declared: accounts.read, payments.write, kyc.admin (did you mean payments.write?)`),
		one("misspelt in a client", "scopes: [accounts.read]\n", "scopes: [acounts.read]\n",
			`authserver.issuers[0].clients[0].scopes[0]: "acounts.read" is not a declared scope; declared: accounts.read, payments.write, kyc.admin (did you mean accounts.read?)`),
		one("not resource.action", "  kyc.admin: {", "  admin: {description: \"x\"}\n  kyc.admin: {",
			"scopes.admin: is not of the form resource.action, of a-z, 0-9, '-' and '_'"),
		one("the wildcard, declared", "  kyc.admin: {", "  \"*\": {description: \"x\"}\n  kyc.admin: {",
			`scopes."*": a scope is never a wildcard: name each resource.action that there is`),
		one("a wildcard action, declared", "  kyc.admin: {", "  \"kyc.*\": {description: \"x\"}\n  kyc.admin: {",
			`scopes."kyc.*": a scope is never a wildcard: name each resource.action that there is`),
		one("the wildcard of a client", "scopes: [accounts.read]\n", "scopes: [\"*\"]\n",
			`authserver.issuers[0].clients[0].scopes[0]: "*" is a wildcard, which grants whatever is added later; name each scope`),
		one("a wildcard of an API", "payments.write, kyc.admin]}", `payments.write, "kyc.*"]}`,
			`authserver.issuers[0].apis[0].scopes[2]: "kyc.*" is a wildcard, which grants whatever is added later; name each scope`),
		one("a wildcard of a route", "scope: payments.write", `scope: "payments.*"`,
			`gateway.routes[2].scope: "payments.*" is a wildcard, which grants whatever is added later; name each scope`),
		one("OpenID Connect's own, declared", "  kyc.admin: {", "  openid: {description: \"x\"}\n  kyc.admin: {",
			"scopes.openid: is OpenID Connect's own scope; it is built in and not declared"),
		one("OpenID Connect's own, of a route", "scope: payments.write", "scope: openid",
			`gateway.routes[2].scope: "openid" is not a declared scope; declared: accounts.read, payments.write, kyc.admin`),
		one("given twice to a client", "scopes: [accounts.read]\n", "scopes: [accounts.read, accounts.read]\n",
			`authserver.issuers[0].clients[0].scopes[1]: "accounts.read" is given twice`),
		one("a client that holds every scope", "scopes: [openid, accounts.read, payments.write]", "scopes: [openid, payments.write, kyc.admin, accounts.read]",
			"authserver.issuers[0].clients[1].scopes: hold every declared scope (payments.write, kyc.admin, accounts.read); give a client what it needs and nothing more"),
		{"of a client, not offered by its APIs", []string{
			"payments.write, kyc.admin]}", "payments.write]}",
			"scopes: [accounts.read]\n", "scopes: [kyc.admin]\n",
		}, []string{
			`authserver.issuers[0].clients[0].scopes[0]: "kyc.admin" is offered by none of this client's audiences; they offer: accounts.read, payments.write`,
		}},
		one("none for a client", "scopes: [accounts.read]\n", "scopes: []\n",
			"authserver.issuers[0].clients[0].scopes: is an empty list; expected a list of declared scopes"),
		one("none for a route", "scope: payments.write, upstream", "upstream",
			`gateway.routes[2].scope: is missing: anybody could call this route; name one declared scope (accounts.read, payments.write, kyc.admin), or write unsafe_public: "the reason"`),
		one("beside a reason to have none", `unsafe_public: "the API`, `scope: accounts.read, unsafe_public: "the API`,
			"gateway.routes[3].unsafe_public: stands beside a scope; a public route has none"),
		one("none, and an empty reason", `unsafe_public: "the API description is public"`, `unsafe_public: ""`,
			"gateway.routes[3].unsafe_public: is empty; expected the reason, in quotes"),
		one("none, and a reason of blanks", `unsafe_public: "the API description is public"`, `unsafe_public: "  "`,
			"gateway.routes[3].unsafe_public: is empty; expected the reason, in quotes"),
	})
}
