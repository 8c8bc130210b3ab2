//go:build full

package push

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is a collector that keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []*collector.ExportMetricsServiceRequest
	header []http.Header
	answer func(w http.ResponseWriter, req *http.Request) bool // answers itself, and reports it; nil = never
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.header = append(r.header, req.Header)
		if r.answer != nil && r.answer(w, req) {
			return
		}
		z, err := gzip.NewReader(req.Body)
		if err != nil {
			t.Error(err)
			return
		}
		body, _ := io.ReadAll(z)
		m := &collector.ExportMetricsServiceRequest{}
		if err := proto.Unmarshal(body, m); err != nil || req.URL.Path != metricsPath {
			t.Errorf("%s: %v", req.URL.Path, err)
		}
		r.got = append(r.got, m)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// find is a metric of what was sent last.
func (r *receiver) find(t *testing.T, name string) *metrics.Metric {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) == 0 {
		t.Fatal("nothing was sent")
	}
	for _, res := range r.got[len(r.got)-1].ResourceMetrics {
		for _, scope := range res.ScopeMetrics {
			if i := slices.IndexFunc(scope.Metrics, func(m *metrics.Metric) bool { return m.Name == name }); i >= 0 {
				return scope.Metrics[i]
			}
		}
	}
	t.Fatalf("no metric %s was sent", name)
	return nil
}

func source() (*prometheus.Registry, prometheus.Counter, prometheus.Histogram) {
	reg := prometheus.NewRegistry()
	n := prometheus.NewCounter(prometheus.CounterOpts{Name: "hlsload_stalls_total", Help: "stalls"})
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "hlsload_startup_seconds", Buckets: []float64{1, 2}})
	reg.MustRegister(n, h)
	return reg, n, h
}

// The final values arrive, with the labels and the user's header.
func TestFinish(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
	r := newReceiver(t)
	reg, n, h := source()
	p, err := Start(t.Context(), Config{URL: r.URL, From: reg, Labels: map[string]string{"branch": "main"}})
	if err != nil {
		t.Fatal(err)
	}
	n.Add(3)
	h.Observe(1.5)
	if err := p.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := r.find(t, "hlsload_stalls_total").GetSum(); v == nil || v.DataPoints[0].GetAsDouble() != 3 || !v.IsMonotonic {
		t.Errorf("stalls: %v; want a counter with 3", v)
	}
	if v := r.find(t, "hlsload_startup_seconds").GetHistogram(); v == nil || v.DataPoints[0].Count != 1 || v.DataPoints[0].BucketCounts[1] != 1 {
		t.Errorf("startup: %v; want one between 1 s and 2 s", v)
	}
	var attributes []string
	for _, a := range r.got[0].ResourceMetrics[0].Resource.Attributes {
		attributes = append(attributes, a.Key+"="+a.Value.GetStringValue())
	}
	slices.Sort(attributes)
	if got := strings.Join(attributes, " "); got != "branch=main service.name=hlsload" || r.header[0].Get("Api-Key") != "secret" {
		t.Errorf("attributes %q, key %q", got, r.header[0].Get("Api-Key"))
	}
}

// A collector that redirects gets no second request, and the key goes nowhere else.
func TestRedirect(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
	other, r := newReceiver(t), newReceiver(t)
	r.answer = func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, other.URL+metricsPath, http.StatusTemporaryRedirect)
		return true
	}
	reg, _, _ := source()
	p, err := Start(t.Context(), Config{URL: r.URL, From: reg})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := p.Finish(ctx); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("got %v; want an error of the redirect", err)
	}
	if len(other.header) > 0 {
		t.Errorf("the other host got %v", other.header)
	}
}

// A collector that is away is warned of once, and the run goes on.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg, _, _ := source()
		var said []string
		p, err := Start(t.Context(), Config{URL: "http://127.0.0.1:1", From: reg, Warn: func(text string) { said = append(said, text) }})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Second)
		if err := p.Finish(t.Context()); err == nil || len(said) != 1 || !strings.Contains(said[0], "warning: pushing metrics") {
			t.Errorf("%v, said %q; want an error, and one warning", err, said)
		}
	})
}
