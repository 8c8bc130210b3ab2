package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/openmetrics"
	"hlsload/reports/page"
	"hlsload/reports/record"
	"hlsload/run/scrape"
	"hlsload/scenarios"
	"hlsload/stage"
)

// metrics are where the metrics of a run go.
type metrics struct {
	addr   string // at which they are served; "" = they are not
	linger bool   // serve the final values until they have been scraped
	file   string // to which the final values are written; "" = none

	hide     func(string) string
	server   *scrape.Server        // nil = none
	exporter *openmetrics.Exporter // of the file
	final    *openmetrics.Run      // for the file
}

// registerFile adds the flag that also makes sense in virtual time.
func (m *metrics) registerFile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.file, "prom", "", "write the final metrics to `FILE`, in the text format of Prometheus (docs/metrics.md)")
}

func (m *metrics) register(cmd *cobra.Command) {
	m.registerFile(cmd)
	cmd.Flags().StringVar(&m.addr, "metrics", "", "serve metrics for Prometheus at `ADDR`, path /metrics, while the run goes on: a port of this machine alone, or address:port for others, too")
	cmd.Flags().BoolVar(&m.linger, "linger", false, "keep the metrics up until Prometheus has scraped them twice after the end (5 minutes at most)")
}

// open checks where the metrics go and begins to serve them, before the run.
func (m *metrics) open(cmd *cobra.Command, sc *scenarios.Scenario, listen func(context.Context, string) (net.Listener, error)) error {
	if m.linger && m.addr == "" {
		return misused("--linger: no metrics are served (want --metrics ADDR, too)")
	}
	m.hide = secretsOf(cmd.Context()).Text
	if m.file != "" {
		if err := writable(m.file); err != nil {
			return forbidden(fmt.Errorf("file for the metrics: %w", err))
		}
	}
	stderr := cmd.ErrOrStderr()
	if m.addr != "" {
		s, err := scrape.Start(cmd.Context(), scrape.Config{Addr: m.addr, Listen: listen, Hide: m.hide})
		if err != nil {
			return forbidden(err)
		}
		m.server = s
		fmt.Fprintf(stderr, "metrics for Prometheus: %s\n", s.URL())
		if s.Open() {
			fmt.Fprintf(stderr, "warning: all who reach %s can read them\n", m.addr)
		}
	}
	if w := metricsOf(sc).Warning(); w != "" && (m.addr != "" || m.file != "") {
		fmt.Fprintf(printable{stderr}, "warning: %s\n", m.hide(w))
	}
	return nil
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
func (m *metrics) begin(c *record.Collector) {
	m.exporter = openmetrics.New(c.Config(), m.hide)
	if m.server != nil {
		m.server.Begin(c)
	}
}

// end takes what was recorded, before anything is derived from it.
func (m *metrics) end(p *record.Part) {
	if m.server != nil {
		m.server.End(p)
	}
	if m.file != "" {
		m.final = openmetrics.Final(p, nil)
	}
}

// finish shows the verdict and writes the file.
func (m *metrics) finish(s *reports.Summary) error {
	if m.server != nil {
		m.server.Finish(s)
	}
	if m.file == "" {
		return nil
	}
	m.final.Over = s
	if err := page.WriteFile(m.file, func(w io.Writer) error { return m.exporter.WriteText(w, m.final) }); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// wait keeps the final values up, if a flag asks for it.
func (m *metrics) wait(cmd *cobra.Command) {
	if !m.linger || cmd.Context().Err() != nil {
		return
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "the metrics stay at %s until they have been scraped twice (5 minutes at most, or until interrupted)\n", m.server.URL())
	m.server.Linger(cmd.Context())
}

// close ends the serving.
func (m *metrics) close() {
	if m.server != nil {
		m.server.Close()
	}
}
