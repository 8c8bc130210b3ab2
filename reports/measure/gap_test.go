package measure_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
)

// until tells a collector of a recording what happened before an instant.
func (r *recording) until(t testing.TB, c *record.Collector, at time.Duration) (next int) {
	t.Helper()
	sessions := map[*record.Session]*record.Session{}
	for i, told := range r.told {
		switch {
		case told.Joined != nil:
			if told.At >= at {
				return i
			}
			sessions[told.Session] = c.Join(told.At, *told.Joined)
		case told.Sample != nil:
			if told.At >= at {
				return i
			}
			sm := *told.Sample
			sessions[told.Session].Add(&sm, told.Meta)
		case told.Usual != nil:
			c.SetUsual(c.Usual())
		case told.Window.Cleared == record.Forever || told.Fault.Kind.Spec().Instant:
			if told.Window.Applied >= at {
				return i
			}
			if err := c.FaultApplied(told.Fault.Rule, told.Fault.Occurrence, told.Window.Applied, c.Usual()); err != nil {
				t.Fatal(err)
			}
		default:
			if told.Window.Cleared >= at {
				return i
			}
			if err := c.FaultCleared(told.Fault.Rule, told.Fault.Occurrence, told.Window.Cleared); err != nil {
				t.Fatal(err)
			}
		}
	}
	return len(r.told)
}

// collectorOf is a new collector with so many shards.
func (r *recording) collectorOf(t testing.TB, shards int) *record.Collector {
	t.Helper()
	cfg := r.cfg
	cfg.Shards = shards
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A snapshot is what the run would be if it ended then, and changes nothing.
func TestSnapshotIsAnEnd(t *testing.T) {
	r := recorded(t, "soak", "fleet.players=25", "duration=16m", "fleet.session.mean=2m", "chaos.return.at=10m")
	for _, at := range []time.Duration{0, 15 * time.Second, 3*time.Minute + 20*time.Second, 4*time.Minute + 30*time.Second, 10 * time.Minute, 13*time.Minute + 10*time.Second, 16 * time.Minute} {
		for _, shards := range []int{1, 5} {
			looked, ended := r.collectorOf(t, shards), r.collectorOf(t, shards)
			r.until(t, looked, at)
			r.until(t, ended, at)
			first := looked.Snapshot(at).Encode()
			if again := looked.Snapshot(at).Encode(); !bytes.Equal(first, again) {
				t.Errorf("at %v: two snapshots differ", at)
			}
			want := ended.Finish(at).Encode()
			if !bytes.Equal(first, want) {
				t.Errorf("at %v, %d shards: the snapshot differs from the end of the run", at, shards)
			}
			if got := looked.Finish(at).Encode(); !bytes.Equal(got, want) {
				t.Errorf("at %v, %d shards: the end after a snapshot differs from one without", at, shards)
			}
		}
	}
}

// goneOn is the recording up to an instant, then a gap in which the machine was lost, and
// nothing after it.
func (r *recording) goneOn(t testing.TB, at, to time.Duration) *reports.Summary {
	t.Helper()
	before := r.collectorOf(t, 3)
	r.until(t, before, at)
	c := r.collectorOf(t, 2)
	past, err := c.ReadSnapshot(before.Snapshot(at).Encode())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Continue(past, record.Gap{From: at, To: to, Settled: to, Why: "lost"}); err != nil {
		t.Fatal(err)
	}
	return measure.Derive(c.Finish(r.end.At), r.end).Summary
}

// What a gap touches does not count, and what was before it does.
func TestGap(t *testing.T) {
	r := recorded(t, "soak", "fleet.players=25", "duration=16m", "fleet.session.mean=2m", "chaos.return.at=10m")
	s := r.goneOn(t, 8*time.Minute+10*time.Second, 12*time.Minute)
	whole := new(reports.Summary)
	if err := json.Unmarshal(r.plain, whole); err != nil {
		t.Fatal(err)
	}
	if s.Verdict != reports.Void || s.ExitCode != reports.ExitLost || !strings.Contains(s.VoidReason, "24 % of the run was lost with the machine (3:50 of 16:00; want at most 5 %") {
		t.Errorf("%s %d: %s; want void, 113, and how much was lost", s.Verdict, s.ExitCode, s.VoidReason)
	}
	for i := range s.Faults {
		f, w := &s.Faults[i], &whole.Faults[i]
		switch f.Name {
		case "late-0":
			if f.Lost != "" || f.Affected != w.Affected || f.Affected == 0 {
				t.Errorf("late-0 was over: lost %q, %d affected; want %d as without a gap", f.Lost, f.Affected, w.Affected)
			}
		case "slow", "return":
			if f.Lost != "does not count: the machine was lost from 8:10 to 12:00" || f.Affected != 0 || f.Problem != "" {
				t.Errorf("%s: lost %q, %d affected, problem %q; want one that does not count", f.Name, f.Lost, f.Affected, f.Problem)
			}
		}
	}
	for _, row := range s.Timeline {
		at := time.Duration(row.T) * time.Second
		in := at >= 8*time.Minute+10*time.Second && at < 12*time.Minute
		if row.Lost != in || in && (row.Playing+row.Joining+row.Stalled != 0) || row.EdgeRps.Known() == (in && at > 8*time.Minute+10*time.Second-time.Second) {
			t.Errorf("row %+v", row)
		}
	}
	if len(s.Resumed) != 1 || s.Resumed[0].LostFromS != 490 || s.Resumed[0].LostToS != 720 {
		t.Errorf("resumed %+v", s.Resumed)
	}
	if short := r.goneOn(t, 9*time.Minute, 9*time.Minute+40*time.Second); short.ExitCode == reports.ExitLost {
		t.Errorf("40 s of 16 min: %s; want no void run", short.VoidReason)
	}
}

// A run with very many occurrences has a small summary, and nothing is lost in it.
func TestPooledOccurrences(t *testing.T) {
	r := recorded(t, "soak", "fleet.players=12", "duration=70m", "recovery=2s", "chaos.slow.every=14s", "chaos.slow.for=5s", "chaos.slow.at=1m", "chaos.late-0.every=30m", "chaos.return.every=30m")
	s := new(reports.Summary)
	if err := json.Unmarshal(r.plain, s); err != nil {
		t.Fatal(err)
	}
	c := r.collectorOf(t, 1)
	r.until(t, c, r.end.At+1)
	part := c.Finish(r.end.At)
	var affected, healed int64
	for _, n := range part.Faults {
		affected += n.Affected
		healed += n.Outcomes[record.Healed]
	}
	occurrences, pooled := 0, 0
	for i := range s.Faults {
		f := &s.Faults[i]
		occurrences += f.Occurrences()
		affected -= f.Affected
		healed -= f.Healed
		if f.Pooled == 0 {
			continue
		}
		pooled++
		each := int64(0)
		for _, o := range f.Each {
			each += o.Affected
		}
		if len(f.Each) != f.Pooled || each != f.Affected || f.FailoverMs.Count != f.Affected-f.Left || f.LastOccurrence <= f.Occurrence || f.AppliedAtS >= f.ClearedAtS {
			t.Errorf("row %s #%d to #%d of %d: %d affected, each %d; %d failovers", f.Name, f.Occurrence, f.LastOccurrence, f.Pooled, f.Affected, each, f.FailoverMs.Count)
		}
	}
	if occurrences != len(r.cfg.Faults) || occurrences < 250 || pooled < 2 || len(s.Faults) > 60 || affected != 0 || healed != 0 {
		t.Errorf("%d rows of %d occurrences, %d of several, %d affected and %d healed missing; want all of %d occurrences in few rows", len(s.Faults), occurrences, pooled, affected, healed, len(r.cfg.Faults))
	}
	if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, "occurrences of faults are too many to list each") || len(s.Warnings) > 20 {
		t.Errorf("%d warnings:\n%s", len(s.Warnings), w)
	}
}
