package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// WriteJSON writes summary.json.
func (s *Summary) WriteJSON(w io.Writer) error { return WriteObject(w, s) }

// WriteObject writes the struct that s points to as JSON: one line for each field, and one
// for each element of its lists, so that two files can be compared with diff.
func WriteObject(w io.Writer, s any) error {
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

// UnmarshalJSON reads a row; what an older version did not write is no data.
func (r *Row) UnmarshalJSON(b []byte) error {
	type plain Row
	row := plain{StartupP50Ms: NoData, StartupP95Ms: NoData, TTFBP50Ms: NoData, TTFBP95Ms: NoData, ErrorShare: NoData}
	if err := json.Unmarshal(b, &row); err != nil {
		return err
	}
	*r = Row(row)
	return nil
}

// repair fills in what reports rely on, and returns an error for what they cannot
// show.
func (s *Summary) repair() error {
	if len(s.Timeline) > MaxRows {
		return fmt.Errorf("read summary: %d timeline rows; want at most %d", len(s.Timeline), MaxRows)
	}
	if len(s.Timeline) > 0 && s.TimelineStepS < 1 {
		return fmt.Errorf("read summary: timeline_step_s is %d; want 1 or more", s.TimelineStepS)
	}
	if s.Logs != nil && len(s.Logs.Timeline) != len(s.Timeline) {
		return fmt.Errorf("read summary: %d timeline rows of access logs; want %d", len(s.Logs.Timeline), len(s.Timeline))
	}
	for i := range s.Expectations {
		if e := &s.Expectations[i]; strings.HasSuffix(e.Reason, NeverText) {
			never(&e.Value)
		}
	}
	for i := range s.Known {
		if k := &s.Known[i]; strings.HasSuffix(k.Reason, NeverText) {
			never(&k.Value)
		}
	}
	repair(reflect.ValueOf(s))
	if s.Cohorts == nil {
		s.Cohorts = map[string]*CohortSummary{}
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		for k := range f.Noticed {
			never(&f.Noticed[k].After, &f.Noticed[k].Seen)
		}
		for _, parts := range []map[string]*FaultShare{f.ByProfile, f.ByCohort} {
			for _, p := range parts {
				switch {
				case p.Predicted == nil:
					p.Residual = nil
				case p.Residual == nil:
					p.Residual = &Residual{FailoverMs: NoData, OutageMs: NoData}
				default:
					never(&p.Residual.MeasuredFailoverMs, &p.Residual.MeasuredOutageMs)
				}
			}
		}
	}
	return nil
}

// repair separates never from no data, which are both null in JSON, in every
// distribution, and removes entries of maps that are null.
func repair(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			repair(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			repair(v.Index(i))
		}
	case reflect.Map:
		for _, name := range v.MapKeys() {
			if e := v.MapIndex(name); e.Kind() == reflect.Pointer && e.IsNil() {
				v.SetMapIndex(name, reflect.Value{})
			} else {
				repair(e)
			}
		}
	case reflect.Struct:
		if !v.CanAddr() {
			return
		}
		switch d := v.Addr().Interface().(type) {
		case *Dist:
			values := []*Value{&d.Min, &d.Mean, &d.P50, &d.P90, &d.P95, &d.P99, &d.Max}
			if d.Count > 0 {
				never(values...)
				return
			}
			for _, v := range values {
				*v = NoData
			}
		case *Predicted:
			if d.Unknown == "" {
				for _, d := range []*PredictedDist{&d.DetectionMs, &d.FailoverMs, &d.OutageMs} {
					never(&d.Min, &d.P50, &d.P95, &d.Max)
				}
			}
		default:
			for i := range v.NumField() {
				repair(v.Field(i))
			}
		}
	}
}

// never takes null as never.
func never(values ...*Value) {
	for _, v := range values {
		if !v.Known() {
			*v = Never
		}
	}
}

// NeverText is [Never] for people.
const NeverText = "never"
