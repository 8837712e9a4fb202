package config

import "testing"

func TestRefusal_Paths(t *testing.T) {
	refuseEach(t, []refusal{
		one("no slash in front", `"/payments"`, `"payments"`,
			`gateway.routes[2].path: "payments" does not begin with a slash; expected a path such as "/accounts/{id}"`),
		one("slash at the end", `"/payments"`, `"/payments/"`,
			`gateway.routes[2].path: "/payments/" has an empty segment or ends with a slash; expected a path such as "/accounts/{id}"`),
		one("empty segment", `"/payments"`, `"/payments//x"`,
			`gateway.routes[2].path: "/payments//x" has an empty segment or ends with a slash; expected a path such as "/accounts/{id}"`),
		one("dots", `"/payments"`, `"/payments/../accounts"`,
			`gateway.routes[2].path: "/payments/../accounts" has a segment . or ..; expected a path such as "/accounts/{id}"`),
		one("the gateway's own", `"/payments"`, `"/.well-known/gatehouse/jwks.json"`,
			`gateway.routes[2].path: "/.well-known/gatehouse/jwks.json" lies below /.well-known/gatehouse/, which is kept for the gateway's own documents; expected a path such as "/accounts/{id}"`),
		one("escape", `"/payments"`, `"/pay%2Fments"`,
			`gateway.routes[2].path: "/pay%2Fments" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("query", `"/payments"`, `"/payments?x=1"`,
			`gateway.routes[2].path: "/payments?x=1" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("star", `"/payments"`, `"/payments/*"`,
			`gateway.routes[2].path: "/payments/*" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("colon", `"/payments"`, `"/payments/:id"`,
			`gateway.routes[2].path: "/payments/:id" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("name in a segment", `"/payments"`, `"/payments/x{id}"`,
			`gateway.routes[2].path: "/payments/x{id}" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("name twice", `"/payments"`, `"/payments/{id}/{id}"`,
			`gateway.routes[2].path: "/payments/{id}/{id}" uses a {name} twice; expected a path such as "/accounts/{id}"`),
		one("the rest of a path", `"/payments"`, `"/payments/{rest...}"`,
			`gateway.routes[2].path: "/payments/{rest...}" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("semicolon", `"/payments"`, `"/payments;v=1"`,
			`gateway.routes[2].path: "/payments;v=1" has a segment that is neither plain nor a {name}; wildcards, escapes and queries are not matched; expected a path such as "/accounts/{id}"`),
		one("same route", `{path: "/payments", methods: [POST]`, `{path: "/accounts", methods: [POST, GET]`,
			`gateway.routes[2].path: GET "/accounts" is a route already, "/accounts" on line 52`),
		one("same path by another name", `{path: "/payments", methods: [POST]`, `{path: "/accounts/{number}", methods: [GET]`,
			`gateway.routes[2].path: GET "/accounts/{number}" is a route already, "/accounts/{id}" on line 53`),
		one("overlap", `{path: "/payments", methods: [POST]`, `{path: "/{kind}/mine", methods: [GET]`,
			`gateway.routes[2].path: "/{kind}/mine" and "/accounts/{id}" on line 53 match the same path and neither is more specific; change one of them`),
		one("overlap with another method", `{path: "/payments", methods: [POST]`, `{path: "/{kind}/mine", methods: [DELETE]`,
			`gateway.routes[2].path: "/{kind}/mine" and "/accounts/{id}" on line 53 match the same path and neither is more specific; change one of them`),
	})
}
