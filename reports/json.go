package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
)

// WriteJSON writes summary.json: one line for each field, and one for each
// element of its lists, so that two summaries can be compared with diff.
func (s *Summary) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("{")
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n %q: ", name)
		if err := writeField(&b, v.Field(i)); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	b.WriteString("\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// writeField writes a list of structs with a line for each element, anything
// else on one line.
func writeField(b *bytes.Buffer, v reflect.Value) error {
	list := v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && v.Len() > 0
	if !list {
		return writeLine(b, v.Interface())
	}
	for i := range v.Len() {
		b.WriteString([]string{"[\n  ", ",\n  "}[min(i, 1)])
		if err := writeLine(b, v.Index(i).Interface()); err != nil {
			return err
		}
	}
	b.WriteString("\n ]")
	return nil
}

// writeLine writes a value compactly, and < and > as themselves: expectations
// are full of them, and this file is not markup.
func writeLine(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line end
	return nil
}

// maxSummary bounds what [ReadJSON] takes: it reads files from outside.
const maxSummary = 256 << 20

// ReadJSON reads a summary that [Summary.WriteJSON] wrote. Unknown fields are
// left out; what a report relies on is checked.
func ReadJSON(r io.Reader) (*Summary, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSummary+1))
	if err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	if len(data) > maxSummary {
		return nil, fmt.Errorf("read summary: more than %d MiB", maxSummary>>20)
	}
	s := new(Summary)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	if s.Schema != Schema {
		return nil, fmt.Errorf("read summary: schema is %.60q; want %q", s.Schema, Schema)
	}
	switch s.Verdict {
	case Pass, Fail, Interrupted, Void:
	default:
		return nil, fmt.Errorf("read summary: verdict is %.60q; want pass, fail, interrupted or void", s.Verdict)
	}
	return s, s.repair()
}

// repair fills in what a report takes for granted, and refuses what cannot be
// drawn.
func (s *Summary) repair() error {
	if len(s.Timeline) > MaxRows {
		return fmt.Errorf("read summary: %d timeline rows; want at most %d", len(s.Timeline), MaxRows)
	}
	if len(s.Timeline) > 0 && s.TimelineStepS < 1 {
		return fmt.Errorf("read summary: timeline_step_s is %d; want 1 or more", s.TimelineStepS)
	}
	for i := range s.Expectations {
		if e := &s.Expectations[i]; !e.Value.Known() && strings.HasSuffix(e.Reason, NeverText) {
			e.Value = Never
		}
	}
	if s.Cohorts == nil {
		s.Cohorts = map[string]*CohortSummary{}
	}
	for name, c := range s.Cohorts {
		if c == nil {
			c = &CohortSummary{RebufferRatio: NoData, BitrateBps: NoData}
			s.Cohorts[name] = c
		}
		c.StartupMs.repair()
		c.StallMs.repair()
		c.LiveLatencyMs.repair()
	}
	for name, r := range s.Requests {
		if r == nil {
			r = &RequestSummary{}
			s.Requests[name] = r
		}
		r.TTFBMs.repair()
		r.TotalMs.repair()
	}
	if err := s.Logs.repair(len(s.Timeline)); err != nil {
		return err
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		for k := range f.Noticed {
			for _, v := range []*Value{&f.Noticed[k].After, &f.Noticed[k].Seen} {
				if !v.Known() {
					*v = Never
				}
			}
		}
		for _, d := range []*Dist{&f.DetectionMs, &f.FailoverMs, &f.OutageMs, &f.ContentSkippedMs, &f.ContentRepeatedMs} {
			d.repair()
		}
		for _, parts := range []map[string]*FaultShare{f.ByProfile, f.ByCohort} {
			for name, p := range parts {
				if p == nil {
					p = &FaultShare{}
					parts[name] = p
				}
				p.DetectionMs.repair()
				p.FailoverMs.repair()
				p.OutageMs.repair()
				p.Predicted.repair()
				if p.Residual == nil {
					p.Residual = &Residual{FailoverMs: NoData, OutageMs: NoData}
				}
				for _, v := range []*Value{&p.Residual.MeasuredFailoverMs, &p.Residual.MeasuredOutageMs} {
					if !v.Known() {
						*v = Never
					}
				}
				if p.Predicted == nil {
					p.Residual = nil
				}
			}
		}
	}
	s.Origin.FirstByteMs.repair()
	s.Tester.LagMs.repair()
	return nil
}

// repair does the same for what access logs had.
func (g *LogSummary) repair(rows int) error {
	if g == nil {
		return nil
	}
	if len(g.Timeline) != rows {
		return fmt.Errorf("read summary: %d timeline rows of access logs; want %d", len(g.Timeline), rows)
	}
	g.FirstByteMs.repair()
	g.OriginFirstMs.repair()
	return nil
}

// repair tells never from no data, which are both null in JSON.
func (d *Dist) repair() {
	missing := NoData
	if d.Count > 0 {
		missing = Never
	}
	for _, v := range []*Value{&d.Min, &d.Mean, &d.P50, &d.P90, &d.P95, &d.P99, &d.Max} {
		if math.IsNaN(float64(*v)) || d.Count == 0 {
			*v = missing
		}
	}
}

// repair tells that null is never.
func (p *Predicted) repair() {
	if p == nil || p.Unknown != "" {
		return
	}
	for _, d := range []*PredictedDist{&p.DetectionMs, &p.FailoverMs, &p.OutageMs} {
		for _, v := range []*Value{&d.Min, &d.P50, &d.P95, &d.Max} {
			if math.IsNaN(float64(*v)) {
				*v = Never
			}
		}
	}
}

const NeverText = "never"
