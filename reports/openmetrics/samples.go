package openmetrics

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"hlsload/reports"
)

// samples takes the samples of one metric.
type samples struct {
	m  *Metric
	to chan<- prometheus.Metric
}

func (s *samples) value(v float64, labels ...string) {
	t := prometheus.GaugeValue
	if s.m.Type == Counter {
		t = prometheus.CounterValue
	}
	s.to <- prometheus.MustNewConstMetric(s.m.desc, t, v, labels...)
}

func (s *samples) flag(is bool, labels ...string) {
	v := 0.
	if is {
		v = 1
	}
	s.value(v, labels...)
}

// Native histograms: each bucket is 2^(1/8) (1.09) times as wide as the one before.
const (
	schema    = 3
	perDouble = 1 << schema
	zeroBelow = 1e-7 // seconds: less than what histograms tell from zero
	perSecond = 1e6  // histograms count microseconds
)

// histogram sends durations as a native histogram and as a classic one.
func (s *samples) histogram(h *reports.Histogram, labels ...string) {
	buckets, zero := map[int]int64{}, uint64(0)
	classic := make([]uint64, len(s.m.Buckets))
	for least, n := range h.Cells {
		seconds := float64(least) / perSecond
		if least == 0 {
			zero += uint64(n)
		} else {
			buckets[int(math.Ceil(perDouble*math.Log2(seconds)))] += n
		}
		for i := len(classic) - 1; i >= 0 && seconds <= s.m.Buckets[i]; i-- {
			classic[i] += uint64(n)
		}
	}
	native := prometheus.MustNewConstNativeHistogram(s.m.desc, uint64(h.Count()), float64(h.Sum())/perSecond, buckets, nil, zero, schema, zeroBelow, time.Time{}, labels...)
	s.to <- &both{native, s.m.Buckets, classic}
}

// both is a native histogram with classic buckets.
type both struct {
	prometheus.Metric
	bounds []float64
	counts []uint64 // values up to each bound
}

// Write implements [prometheus.Metric].
func (b *both) Write(to *dto.Metric) error {
	if err := b.Metric.Write(to); err != nil {
		return fmt.Errorf("write histogram: %w", err)
	}
	to.Histogram.CreatedTimestamp = nil
	to.Histogram.Bucket = nil
	for i := range b.bounds {
		to.Histogram.Bucket = append(to.Histogram.Bucket, &dto.Bucket{UpperBound: &b.bounds[i], CumulativeCount: &b.counts[i]})
	}
	return nil
}

// WriteText writes the metrics of an instant in the text format of Prometheus, as textfile
// collectors read it. Every series has the labels as well. The metrics of the program itself
// are not in it: those of the collector have the same names.
func (x *Exporter) WriteText(w io.Writer, r *Run, labels prometheus.Labels) error {
	reg := prometheus.NewPedanticRegistry()
	if err := prometheus.WrapRegistererWith(labels, reg).Register(x.Collector(func() *Run { return r })); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	families, err := reg.Gather()
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}

// CheckLabel returns the error of a label that the user cannot add to all series.
func CheckLabel(name, value string) error {
	if !labelName.MatchString(name) || strings.HasPrefix(name, "__") {
		return fmt.Errorf("name %q (want letters, digits and _, not a digit first, nor __)", name)
	}
	for i := range Table {
		if m := &Table[i]; slices.Contains(m.Labels, name) {
			return fmt.Errorf("name %q (want one that %s does not have)", name, m.Name)
		}
	}
	if name == "le" || name == "quantile" {
		return fmt.Errorf("name %q (want one that Prometheus does not use itself)", name)
	}
	if len(value) > maxLabel || !utf8.ValidString(value) {
		return fmt.Errorf("value of %d bytes (want UTF-8 text of at most %d)", len(value), maxLabel)
	}
	return nil
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)
