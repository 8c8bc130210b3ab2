// Package push sends the metrics of a run to a collector of OpenTelemetry, by OTLP over
// HTTP: for CI, where no Prometheus comes to scrape. The core build leaves it out; the tag
// full puts it in.
//
// Start with [Start]. [Pusher.Finish] sends the final values.
package push

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	every  = 15 * time.Second // between two pushes
	within = 10 * time.Second // a push has to be done
	// lastWithin is how long the final values are tried again, and pause how long after a failure.
	lastWithin = 30 * time.Second
	pause      = 2 * time.Second
	// metricsPath is where OTLP/HTTP has metrics, below the endpoint (OTLP specification 1.5, OTLP/HTTP request).
	metricsPath = "/v1/metrics"
)

// Config says what is sent, and where to.
type Config struct {
	URL    string // of the collector: an endpoint, or the full URL of its metrics
	From   prometheus.Gatherer
	Labels map[string]string // attributes of the resource
	Warn   func(text string) // is called at the first failure, and at the first success after one
}

// Check returns where metrics for a collector go. A URL without a path gets that of OTLP.
func Check(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("address of an OTLP collector %q (want http://host:4318 or https://host/path)", text)
	}
	if u.User != nil {
		return "", fmt.Errorf("address of an OTLP collector with user information (want it in a header: OTEL_EXPORTER_OTLP_HEADERS='authorization=Basic ...')")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = metricsPath
	}
	return u.String(), nil
}
