package edge

import (
	"crypto/tls"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts handshakes. Every label value comes from the configuration
// or from a fixed list; none is text that a client sent.
type metrics struct {
	admitted *prometheus.CounterVec
	refused  *prometheus.CounterVec
	notAfter *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		admitted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_tls_handshakes_total",
			Help: "Completed TLS handshakes by listener, TLS version and key exchange.",
		}, []string{"listener", "version", "key_exchange"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_tls_handshakes_refused_total",
			Help: "Refused or broken TLS handshakes by listener and highest TLS version that the client offered.",
		}, []string{"listener", "version_offered"}),
		notAfter: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gatehouse_tls_certificate_not_after_seconds",
			Help: "When the listener's own certificate expires, in seconds since the epoch.",
		}, []string{"listener"}),
	}
	for _, c := range []prometheus.Collector{m.admitted, m.refused, m.notAfter} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) countAdmitted(listener string, cs *tls.ConnectionState) {
	m.admitted.WithLabelValues(listener, versionName(cs.Version), exchangeName(cs.CurveID)).Inc()
}

func (m *metrics) countRefused(listener string, offered uint16) {
	m.refused.WithLabelValues(listener, versionName(offered)).Inc()
}

func versionName(v uint16) string {
	switch v {
	case 0:
		return "none" // no ClientHello came
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return "other"
}

// exchangeName names the key exchange that the handshake agreed on; it is one
// of those that we offer. A resumed TLS 1.2 session had none.
func exchangeName(id tls.CurveID) string {
	if id == 0 {
		return "none"
	}
	return id.String()
}
