package bank

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type openAPIDocument struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		SecuritySchemes map[string]struct {
			Flows map[string]struct {
				TokenURL string            `json:"tokenUrl"`
				Scopes   map[string]string `json:"scopes"`
			} `json:"flows"`
		} `json:"securitySchemes"`
		Responses map[string]any    `json:"responses"`
		Schemas   map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID        string                `json:"operationId"`
	Security  []map[string][]string `json:"security"`
	Responses map[string]any        `json:"responses"`
}

type schema struct {
	Required   []string       `json:"required"`
	Properties map[string]any `json:"properties"`
}

func document(t *testing.T) (openAPIDocument, string) {
	t.Helper()
	resp := ask(t, open(t), "anonymous", "GET", "/openapi.json", "")
	raw := decode[json.RawMessage](t, resp, 200, "application/json")
	var d openAPIDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d, string(raw)
}

func TestDescription_ScopesAndReferences(t *testing.T) {
	d, raw := document(t)
	flow := d.Components.SecuritySchemes["fapi"].Flows["clientCredentials"]
	if d.OpenAPI != "3.1.0" || flow.TokenURL != "https://as.example/token" {
		t.Errorf("got %s, %s", d.OpenAPI, flow.TokenURL)
	}
	used := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if path == "/openapi.json" {
				if op.Security == nil || len(op.Security) != 0 {
					t.Error("the description is public")
				}
				continue
			}
			// One scope for each operation, and it is declared.
			if len(op.Security) != 1 || len(op.Security[0]["fapi"]) != 1 || flow.Scopes[op.Security[0]["fapi"][0]] == "" {
				t.Errorf("%s %s has the security %v", method, path, op.Security)
				continue
			}
			used[op.Security[0]["fapi"][0]] = true
			if op.Responses["401"] == nil || op.Responses["403"] == nil || op.ID == "" {
				t.Errorf("%s %s lacks an answer or an id", method, path)
			}
		}
	}
	if len(used) != len(flow.Scopes) {
		t.Errorf("used are the scopes %v of %v", used, flow.Scopes)
	}
	for rest := raw; ; {
		_, after, ok := strings.Cut(rest, `"$ref":"#/components/`)
		if !ok {
			break
		}
		ref, _, _ := strings.Cut(after, `"`)
		kind, name, _ := strings.Cut(ref, "/")
		_, inSchemas := d.Components.Schemas[name]
		if found := kind == "schemas" && inSchemas || kind == "responses" && d.Components.Responses[name] != nil; !found {
			t.Errorf("%s is nowhere", ref)
		}
		rest = after
	}
}

// Every operation of the document exists, and every operation that exists is
// in the document: the answers have just the members that it names.
func TestDescription_TellsTheTruth(t *testing.T) {
	d, _ := document(t)
	h := open(t)
	order := ask(t, h, "demo-partner", "POST", "/payments", goodOrder, "Content-Type", "application/json", "Idempotency-Key", "k")
	paymentPath := order.Header.Get("Location")
	answers := map[string]struct {
		resp   *http.Response
		schema string
		inside string // the member whose first element has the schema
	}{
		"GET /accounts":                   {ask(t, h, "demo-partner", "GET", "/accounts", ""), "Account", "accounts"},
		"GET /accounts/{id}":              {ask(t, h, "demo-partner", "GET", "/accounts/acc-1001-1", ""), "Account", ""},
		"GET /accounts/{id}/transactions": {ask(t, h, "demo-partner", "GET", "/accounts/acc-1001-1/transactions", ""), "Transaction", "transactions"},
		"POST /payments":                  {order, "Payment", ""},
		"GET /payments/{id}":              {ask(t, h, "demo-partner", "GET", paymentPath, ""), "Payment", ""},
		"GET /openapi.json":               {},
	}
	count := 0
	for path, methods := range d.Paths {
		for method, op := range methods {
			count++
			name := strings.ToUpper(method) + " " + path
			a, ok := answers[name]
			if !ok {
				t.Errorf("%s is not in this test", name)
				continue
			}
			if a.resp == nil {
				continue
			}
			if _, ok := op.Responses[a.resp.Status[:3]]; !ok {
				t.Errorf("%s answered %s", name, a.resp.Status)
			}
			var v map[string]any
			if err := json.NewDecoder(a.resp.Body).Decode(&v); err != nil {
				t.Fatal(name, err)
			}
			if a.inside != "" {
				v = v[a.inside].([]any)[0].(map[string]any)
			}
			checkMembers(t, name, v, d.Components.Schemas[a.schema])
		}
	}
	if count != len(answers) {
		t.Errorf("the document has %d operations, want %d", count, len(answers))
	}
}

func checkMembers(t *testing.T, name string, v map[string]any, s schema) {
	t.Helper()
	for member := range v {
		if s.Properties[member] == nil {
			t.Errorf("%s: %q is not in the schema", name, member)
		}
	}
	for _, member := range s.Required {
		if _, ok := v[member]; !ok {
			t.Errorf("%s: %q is missing", name, member)
		}
	}
	if len(s.Required) == 0 || len(s.Required) > len(s.Properties) {
		t.Errorf("%s: the schema is empty", name)
	}
}
