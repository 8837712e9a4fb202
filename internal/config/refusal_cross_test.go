package config

import "testing"

func TestRefusal_GatewayAndServerDisagree(t *testing.T) {
	refuseEach(t, []refusal{
		one("audience", `algorithms: [ES256], audience: "https://localhost:9443"`, `algorithms: [ES256], audience: "https://localhost:9444"`,
			`gateway.issuers[0].audience: "https://localhost:9444" is not an audience of this issuer in section authserver; they are: https://localhost:9443 (did you mean https://localhost:9443?)`),
		one("algorithm", "algorithms: [ES256]", "algorithms: [PS256]",
			"gateway.issuers[0].algorithms: lack ES256, by which this issuer in section authserver signs"),
		one("issuer with a slash too many", `{url: "https://localhost:9441"`, `{url: "https://localhost:9441/"`,
			`gateway.issuers[0].url: "https://localhost:9441/" is on the origin of section authserver but is none of its issuers; did you mean https://localhost:9441?`),
		{"scope offered by no API", []string{
			"payments.write, kyc.admin]}", "kyc.admin]}",
			"scopes: [openid, accounts.read, payments.write]", "scopes: [openid, accounts.read]",
		}, []string{
			`gateway.routes[2].scope: "payments.write" is offered for this gateway's audiences by no issuer, so nobody could call the route; they offer: accounts.read, kyc.admin`,
		}},
		{"scope offered by another API", []string{
			"payments.write, kyc.admin]}", "kyc.admin]}\n        - {audience: \"urn:other\", scopes: [payments.write]}",
			"scopes: [openid, accounts.read, payments.write]", "scopes: [openid, accounts.read]",
		}, []string{
			`gateway.routes[2].scope: "payments.write" is offered for this gateway's audiences by no issuer, so nobody could call the route; they offer: accounts.read, kyc.admin`,
		}},
	})
}
