package serve

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"gatehouse.example/internal/audit"
)

// metrics are those of the process as a whole.
type metrics struct {
	registry *prometheus.Registry
	reloads  *prometheus.CounterVec // result: swapped or refused
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_reloads_total", Help: "Reloads that were swapped in, and those refused while the old configuration served on.",
		}, []string{"result"}),
	}
	for _, result := range []string{"swapped", "refused"} {
		m.reloads.WithLabelValues(result)
	}
	m.registry.MustRegister(m.reloads, collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watchAudit tells whether the audit log can be written, which decides whether
// tokens are issued at all.
func (m *metrics) watchAudit(log *audit.Log) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatehouse_audit_writable", Help: "1 while the audit log can be written; at 0 nothing is issued.",
	}, func() float64 {
		if log.Healthy() != nil {
			return 0
		}
		return 1
	}))
}

func (m *metrics) reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues("refused").Inc()
		return
	}
	m.reloads.WithLabelValues("swapped").Inc()
}
