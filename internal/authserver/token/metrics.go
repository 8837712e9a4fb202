package token

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// outcomeIssued is the outcome of a request that got a token; any other
// outcome is the id of the rule that refused it.
const outcomeIssued = "issued"

// Metrics counts what becomes of token requests. Its labels hold configured
// names and rule ids only, so a client cannot make new series.
type Metrics struct{ requests *prometheus.CounterVec }

// NewMetrics registers the counters, or finds those that an earlier
// configuration of the same process has registered.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gatehouse_token_requests_total",
		Help: "Token requests by issuer, profile and outcome: issued, or the id of the rule that refused.",
	}, []string{"issuer", "profile", "outcome"})
	if err := registerer.Register(requests); err != nil {
		registered := prometheus.AlreadyRegisteredError{}
		if !errors.As(err, &registered) {
			return nil, err
		}
		earlier, ok := registered.ExistingCollector.(*prometheus.CounterVec)
		if !ok {
			return nil, err
		}
		requests = earlier
	}
	return &Metrics{requests: requests}, nil
}

func (m *Metrics) count(issuer Issuer, outcome string) {
	m.requests.WithLabelValues(issuer.URL, issuer.Profile.Name(), outcome).Inc()
}
