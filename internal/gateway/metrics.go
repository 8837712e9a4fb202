package gateway

import (
	"errors"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.example/resource"
)

// metrics are the gateway's own. No label ever holds a client's text: the
// values are configured names, verdicts and rule ids.
type metrics struct {
	decisions      *prometheus.CounterVec   // listener, route, verdict, rule
	seconds        *prometheus.HistogramVec // listener, route
	unrecorded     *prometheus.CounterVec   // route
	upstreamErrors *prometheus.CounterVec   // upstream, reason
}

// counters are those of one route on one listener, found once.
type counters struct {
	allowed    prometheus.Counter
	seconds    prometheus.Observer
	unrecorded prometheus.Counter
}

// noRoute is the label of requests that found none.
const noRoute = "none"

// newMetrics registers the metrics, or finds those that an earlier gateway of
// the same process registered: a reload goes on counting.
func newMetrics(reg prometheus.Registerer, v *resource.Verifier) (*metrics, error) {
	var m metrics
	err := errors.Join(
		keep(reg, &m.decisions, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_gateway_decisions_total", Help: "Requests by verdict, and by the rule that denied.",
		}, []string{"listener", "route", "verdict", "rule"})),
		keep(reg, &m.seconds, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_gateway_request_seconds", Help: "Time from an allowed request to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
		}, []string{"listener", "route"})),
		keep(reg, &m.unrecorded, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_gateway_unrecorded_total", Help: "Decisions to allow that could not be recorded, by route; the route says whether they went on.",
		}, []string{"route"})),
		keep(reg, &m.upstreamErrors, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_gateway_upstream_errors_total", Help: "Allowed requests without an answer of the upstream.",
		}, []string{"upstream", "reason"})),
	)
	if err != nil {
		return nil, err
	}
	var stats *verifierStats
	if err := keep(reg, &stats, &verifierStats{}); err != nil {
		return nil, err
	}
	stats.source.Store(v)
	return &m, nil
}

// keep registers a collector, or takes the one that is there.
func keep[C prometheus.Collector](reg prometheus.Registerer, into *C, c C) error {
	*into = c
	err := reg.Register(c)
	already := prometheus.AlreadyRegisteredError{}
	if !errors.As(err, &already) {
		return err
	}
	existing, ok := already.ExistingCollector.(C)
	if !ok {
		return err
	}
	*into = existing
	return nil
}

func (m *metrics) of(listener, route string) counters {
	return counters{
		allowed:    m.decisions.WithLabelValues(listener, route, "allow", ""),
		seconds:    m.seconds.WithLabelValues(listener, route),
		unrecorded: m.unrecorded.WithLabelValues(route),
	}
}

func (m *metrics) denied(listener, route, rule string) {
	if route == "" {
		route = noRoute
	}
	m.decisions.WithLabelValues(listener, route, "deny", rule).Inc()
}

// verifierStats tells what the present verifier counts.
type verifierStats struct {
	source atomic.Pointer[resource.Verifier]
}

var (
	tokenCacheHits   = prometheus.NewDesc("gatehouse_token_cache_hits_total", "Requests whose token had been verified before.", nil, nil)
	tokenCacheMisses = prometheus.NewDesc("gatehouse_token_cache_misses_total", "Requests whose token was new.", nil, nil)
	tokenCacheBytes  = prometheus.NewDesc("gatehouse_token_cache_bytes", "Memory of the verified-token cache, about.", nil, nil)

	perIssuer         = []string{"issuer"}
	keyFetches        = prometheus.NewDesc("gatehouse_jwks_fetches_total", "Fetches of an issuer's keys.", perIssuer, nil)
	keyFetchFailures  = prometheus.NewDesc("gatehouse_jwks_fetch_failures_total", "Fetches that brought no usable keys.", perIssuer, nil)
	keyMisses         = prometheus.NewDesc("gatehouse_jwks_misses_total", "Tokens of a key that was not known.", perIssuer, nil)
	keyMissesLimited  = prometheus.NewDesc("gatehouse_jwks_misses_limited_total", "Misses that caused no fetch because one had just been.", perIssuer, nil)
	keyMissesRepeated = prometheus.NewDesc("gatehouse_jwks_misses_remembered_total", "Misses of a key that had just been looked for in vain.", perIssuer, nil)
	keysUsable        = prometheus.NewDesc("gatehouse_jwks_usable", "1 while the issuer's keys may be used.", perIssuer, nil)
	keysFetchedAt     = prometheus.NewDesc("gatehouse_jwks_fetched_timestamp_seconds", "When the issuer's keys were last fetched.", perIssuer, nil)
)

// Describe lists the metrics.
func (s *verifierStats) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{tokenCacheHits, tokenCacheMisses, tokenCacheBytes, keyFetches, keyFetchFailures,
		keyMisses, keyMissesLimited, keyMissesRepeated, keysUsable, keysFetchedAt} {
		ch <- d
	}
}

// Collect reads the verifier's counters.
func (s *verifierStats) Collect(ch chan<- prometheus.Metric) {
	v := s.source.Load()
	if v == nil {
		return
	}
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	stats := v.Stats()
	send(tokenCacheHits, prometheus.CounterValue, float64(stats.TokenCacheHits))
	send(tokenCacheMisses, prometheus.CounterValue, float64(stats.TokenCacheMisses))
	send(tokenCacheBytes, prometheus.GaugeValue, float64(stats.TokenCacheBytes))
	for _, is := range stats.Issuers {
		send(keyFetches, prometheus.CounterValue, float64(is.Fetches), is.Issuer)
		send(keyFetchFailures, prometheus.CounterValue, float64(is.Failures), is.Issuer)
		send(keyMisses, prometheus.CounterValue, float64(is.Misses), is.Issuer)
		send(keyMissesLimited, prometheus.CounterValue, float64(is.Limited), is.Issuer)
		send(keyMissesRepeated, prometheus.CounterValue, float64(is.Remembered), is.Issuer)
		usable := 0.0
		if is.Usable {
			usable = 1
		}
		send(keysUsable, prometheus.GaugeValue, usable, is.Issuer)
		if !is.FetchedAt.IsZero() {
			send(keysFetchedAt, prometheus.GaugeValue, float64(is.FetchedAt.Unix()), is.Issuer)
		}
	}
}
