package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/openmetrics"
	"hlsload/reports/record"
	"hlsload/run"
	"hlsload/run/push"
	"hlsload/run/scrape"
	"hlsload/scenarios"
	"hlsload/stage"
)

// metrics are where the metrics of a run go.
type metrics struct {
	addr   string // at which they are served; "" = they are not
	linger bool   // serve the final values until they have been scraped
	file   string // to which the final values are written; "" = none
	otlp   string // collector to which they are pushed; "" = none
	extra  []string

	hide     func(string) string
	labels   prometheus.Labels
	source   *scrape.Source
	server   *scrape.Server        // nil = none
	pusher   *push.Pusher          // nil = none
	exporter *openmetrics.Exporter // of the file
	final    *openmetrics.Run      // for the file
}

// registerAll adds the flags that also make sense in virtual time.
func (m *metrics) registerAll(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.file, "prom", "", "write the final metrics to `FILE`, in the text format of Prometheus (docs/metrics.md)")
	f.StringVar(&m.otlp, "otlp", "", "push metrics to the OTLP collector at `URL`, such as http://127.0.0.1:4318 (full build; OTEL_EXPORTER_OTLP_HEADERS has its keys)")
	f.StringArrayVar(&m.extra, "label", nil, "give every series of the run a label, as `NAME=VALUE`; may be repeated")
}

func (m *metrics) register(cmd *cobra.Command) {
	m.registerAll(cmd)
	cmd.Flags().StringVar(&m.addr, "metrics", "", "serve metrics for Prometheus at `ADDR`, path /metrics, while the run goes on: a port of this machine alone, or address:port for others, too")
	cmd.Flags().BoolVar(&m.linger, "linger", false, "keep the metrics up until Prometheus has scraped them twice after the end (5 minutes at most)")
}

// wanted reports whether the metrics go anywhere.
func (m *metrics) wanted() bool { return m.addr != "" || m.file != "" || m.otlp != "" }

// watched reports whether the metrics are shown while the run goes on.
func (m *metrics) watched() bool { return m.addr != "" || m.otlp != "" }

// open checks where the metrics go and begins to serve and to push them, before the run. sc
// is nil when the scenario is not known yet.
func (m *metrics) open(cmd *cobra.Command, sc *scenarios.Scenario, listen func(context.Context, string) (net.Listener, error)) error {
	if m.linger && m.addr == "" {
		return misused("--linger: no metrics are served (want --metrics ADDR, too)")
	}
	m.hide = secretsOf(cmd.Context()).Text
	var err error
	if m.labels, err = parseLabels(m.extra, m.hide); err != nil {
		return err
	}
	if m.labels != nil && !m.wanted() {
		return misused("--label: no metrics go anywhere (want --metrics, --prom or --otlp, too)")
	}
	if m.file != "" {
		if err := writable(m.file); err != nil {
			return forbidden(fmt.Errorf("file for the metrics: %w", err))
		}
	}
	m.source = scrape.NewSource(m.hide, m.labels)
	stderr := cmd.ErrOrStderr()
	if m.otlp != "" {
		if _, err := push.Check(m.otlp); err != nil {
			return forbidden(fmt.Errorf("--otlp: %w", err))
		}
		if !push.Full {
			_, err := push.Start(cmd.Context(), push.Config{})
			return &exitError{exitInvalid, "--otlp: " + err.Error(), err}
		}
		if m.pusher, err = push.Start(context.WithoutCancel(cmd.Context()), push.Config{URL: m.otlp, From: m.source, Labels: m.labels,
			Warn: func(text string) { fmt.Fprintln(printable{stderr}, m.hide(text)) }}); err != nil {
			return forbidden(err)
		}
	}
	if m.addr != "" {
		s, err := scrape.Start(cmd.Context(), scrape.Config{Source: m.source, Addr: m.addr, Listen: listen})
		if err != nil {
			return forbidden(err)
		}
		m.server = s
		fmt.Fprintf(stderr, "metrics for Prometheus: %s\n", s.URL())
		if s.Open() {
			fmt.Fprintf(stderr, "warning: all who reach %s can read them\n", m.addr)
		}
	}
	if sc == nil || !m.wanted() {
		return nil
	}
	if w := metricsOf(sc).Warning(); w != "" {
		fmt.Fprintf(printable{stderr}, "warning: %s\n", m.hide(w))
	}
	return nil
}

// maxLabels is how many labels a user may add.
const maxLabels = 10

// parseLabels reads labels as the user writes them. nil = there are none.
func parseLabels(all []string, hide func(string) string) (prometheus.Labels, error) {
	if len(all) > maxLabels {
		return nil, misused("--label: %d labels (want at most %d)", len(all), maxLabels)
	}
	var labels prometheus.Labels
	for _, text := range all {
		name, value, ok := strings.Cut(text, "=")
		if _, twice := labels[name]; !ok || twice || value == "" {
			return nil, misused("--label %s (want NAME=VALUE, each name once)", hide(text))
		}
		if err := openmetrics.CheckLabel(name, value); err != nil {
			return nil, misused("--label %s: %v", hide(text), err)
		}
		if labels == nil {
			labels = prometheus.Labels{}
		}
		labels[name] = hide(value)
	}
	return labels, nil
}

// metricsOf is an exporter of a run that has not begun.
func metricsOf(sc *scenarios.Scenario) *openmetrics.Exporter {
	cfg := stage.Measure(sc, reports.ModeRun, sc.Faults(), time.Time{})
	return openmetrics.New(&cfg, sc.Redact)
}

// writable checks that a file can be written later, without touching it.
func writable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file (want a file, or a new name)", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	return errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}

// begin takes what records the run.
func (m *metrics) begin(c run.Watched) {
	m.exporter = openmetrics.New(c.Config(), m.hide)
	m.source.Begin(c)
}

// end takes what was recorded, before anything is derived from it.
func (m *metrics) end(p *record.Part) {
	m.source.End(p)
	if m.file != "" {
		m.final = openmetrics.Final(p, nil)
	}
}

// finish shows the verdict, if there is one, and writes the file.
func (m *metrics) finish(s *reports.Summary) error {
	m.source.Finish(s)
	if m.file == "" || m.final == nil {
		return nil
	}
	m.final.Over = s
	if err := document.WriteFile(m.file, func(w io.Writer) error { return m.exporter.WriteText(w, m.final, m.labels) }); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// wait pushes the final values, and keeps them up, if flags ask for it. That they cannot be
// pushed is only warned of.
func (m *metrics) wait(cmd *cobra.Command) {
	if m.pusher != nil {
		if err := m.pusher.Finish(context.WithoutCancel(cmd.Context())); err != nil {
			fmt.Fprintln(printable{cmd.ErrOrStderr()}, m.hide("warning: "+err.Error()))
		}
		m.pusher = nil
	}
	if !m.linger || cmd.Context().Err() != nil {
		return
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "the metrics stay at %s until they have been scraped twice (5 minutes at most, or until interrupted)\n", m.server.URL())
	m.server.Linger(cmd.Context())
}

// close ends the serving, and the pushing of a run that did not come to its end.
func (m *metrics) close() {
	if m.server != nil {
		m.server.Close()
	}
	if m.pusher != nil {
		m.pusher.Stop()
	}
}
