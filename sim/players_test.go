package sim_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"hlsload/reports"
	"hlsload/reports/players"
	"hlsload/run/cores"
)

// rowsText is players.csv.
func rowsText(t *testing.T, table *players.Table) string {
	t.Helper()
	var b strings.Builder
	if err := table.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPlayersAddUp: the rows about single viewers add up to the summary.
func TestPlayersAddUp(t *testing.T) {
	for name, text := range crowded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := simulated(t, scenario(t, text))
			cohorts, faults := map[string]*reports.CohortSummary{}, map[string]*reports.FaultSummary{}
			startups, failovers := map[string]*dist{}, map[string]*dist{}
			var got reports.Players
			got.Peak, got.PlayingAtEnd = o.sum.Players.Peak, 0
			for i := range o.players.Sessions {
				s := &o.players.Sessions[i]
				for _, of := range []string{"all", o.players.Cohorts[s.Cohort].Name} {
					c := at(cohorts, of)
					c.Players++
					if s.StartupFailed {
						c.StartupFailed++
					}
					if s.Stalls > 0 {
						c.Stalled++
					}
					if s.How == players.Fatal {
						c.Fatal++
					}
					at(startups, of).add(s.Startup)
				}
				got.Started++
				if s.Number > 1 {
					got.Rejoined++
				}
				if s.Unfinished() {
					got.Unfinished++
				}
				switch s.How {
				case players.Left:
					got.Left++
				case players.Playing:
					got.PlayingAtEnd++
				}
			}
			got.StartupFailed, got.Fatal, got.Stalled = at(cohorts, "all").StartupFailed, at(cohorts, "all").Fatal, at(cohorts, "all").Stalled
			if want := o.sum.Players; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("players add up to\n%+v\nwant\n%+v", got, want)
			}
			for of, want := range o.sum.Cohorts {
				if c := at(cohorts, of); c.Players != want.Players || c.StartupFailed != want.StartupFailed || c.Stalled != want.Stalled || c.Fatal != want.Fatal {
					t.Errorf("cohort %s adds up to %d sessions, %d failed to start, %d stalled, %d ended by errors; want %d, %d, %d, %d", of,
						c.Players, c.StartupFailed, c.Stalled, c.Fatal, want.Players, want.StartupFailed, want.Stalled, want.Fatal)
				}
				at(startups, of).compare(t, "startup of "+of, want.StartupMs, 0)
			}
			outages, detections := map[string]*dist{}, map[string]*dist{}
			for i := range o.players.Effects {
				e := &o.players.Effects[i]
				of := o.players.Occurrences[e.Occurrence]
				key := fmt.Sprint(of.Fault, of.Number)
				f := at(faults, key)
				f.Affected++
				for flag, n := range map[players.Flags]*int64{players.During: &f.JoinedDuring, players.Flapped: &f.FlappedBack, players.GaveUp: &f.Fatal} {
					if e.Flags&flag != 0 && e.Result != players.Unfinished {
						*n++
					}
				}
				switch e.Result {
				case players.FailedOver:
					f.FailedOver++
				case players.Healed:
					f.Healed++
				case players.Gone:
					f.Left++
				case players.NeverRecovered:
					f.NeverRecovered++
				case players.Unfinished:
					f.Unfinished++
					f.Affected--
				}
				at(failovers, key).add(e.Failover)
				at(detections, key).add(e.Detection)
				at(outages, key).add(e.Outage)
				if e.Flags&players.Longer != 0 {
					at(outages, key).censored++
				}
			}
			for i := range o.sum.Faults {
				want := &o.sum.Faults[i]
				key := fmt.Sprint(want.Name, want.Occurrence)
				f := at(faults, key)
				if a, b := tally(f), tally(want); a != b {
					t.Errorf("fault %s adds up to\n%s\nwant\n%s", key, a, b)
				}
				at(failovers, key).compare(t, "failover from "+key, want.FailoverMs, at(failovers, key).never)
				at(detections, key).compare(t, "detection of "+key, want.DetectionMs, at(detections, key).never)
				at(outages, key).compare(t, "outage from "+key, want.OutageMs, at(outages, key).censored)
			}
		})
	}
}

func at[V any](m map[string]*V, key string) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}

func tally(f *reports.FaultSummary) string {
	return fmt.Sprintf("affected=%d during=%d over=%d healed=%d left=%d never=%d fatal=%d flapped=%d unfinished=%d", f.Affected, f.JoinedDuring, f.FailedOver, f.Healed, f.Left, f.NeverRecovered, f.Fatal, f.FlappedBack, f.Unfinished)
}

// dist is a distribution, exactly.
type dist struct {
	n, never, censored int64
	sum, min, max      float64
}

func (d *dist) add(s players.Span) {
	switch ms := s.Ms(); {
	case s == players.Never:
		d.never++
	case s.Known():
		if d.n == 0 || ms < d.min {
			d.min = ms
		}
		d.n, d.sum, d.max = d.n+1, d.sum+ms, max(d.max, ms)
	}
}

// compare compares it with that of a summary.
func (d *dist) compare(t *testing.T, of string, want reports.Dist, censored int64) {
	t.Helper()
	if want.Censored != censored {
		t.Errorf("%s: %d without an end; want %d", of, censored, want.Censored)
	}
	if d.n == 0 {
		return
	}
	near := func(a float64, b reports.Value) bool { return math.Abs(a-float64(b)) <= .11+.001*a }
	if !near(d.min, want.Min) || censored == 0 && (!near(d.max, want.Max) || !near(d.sum/float64(d.n), want.Mean)) {
		t.Errorf("%s: %d from %.1f to %.1f ms, mean %.1f ms; want %+v", of, d.n, d.min, d.max, d.sum/float64(d.n), want)
	}
}

// TestPlayersAreSampled: where there would be too many rows, all rows of as many players as
// possible stay, the same ones in any number of lanes.
func TestPlayersAreSampled(t *testing.T) {
	for name, text := range crowded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := scenario(t, text)
			whole := simulated(t, sc).players
			rowsBelow := func(share int) (sessions, effects int) {
				for i := range whole.Sessions {
					if players.Bucket(whole.Sessions[i].Player) < share {
						sessions++
					}
				}
				for i := range whole.Effects {
					if players.Bucket(whole.Effects[i].Player) < share {
						effects++
					}
				}
				return sessions, effects
			}
			for _, most := range []int{3, 40, 90} {
				want := ""
				for _, lanes := range []int{1, 2, 8} {
					team := cores.New(2)
					o, err := tryRows(t, sc, most, lanes, team.Each, nil, nil)
					team.Close()
					if err != nil {
						t.Fatal(err)
					}
					got := o.players
					sessions, _ := rowsBelow(got.SessionShare)
					_, effects := rowsBelow(got.EffectShare)
					if len(got.Sessions) != sessions || len(got.Effects) != effects || sessions > most || effects > most {
						t.Errorf("at most %d rows: %d and %d of %d and %d per mille of the players; want all of them, %d and %d", most, len(got.Sessions), len(got.Effects), got.SessionShare, got.EffectShare, sessions, effects)
					}
					if more, _ := rowsBelow(got.SessionShare + 1); got.SessionShare < players.Shares && more <= most {
						t.Errorf("at most %d rows: a sample of %d per mille has %d; want the next player, too", most, got.SessionShare, sessions)
					}
					if _, more := rowsBelow(got.EffectShare + 1); got.EffectShare < players.Shares && more <= most {
						t.Errorf("at most %d rows: a sample of %d per mille has %d effects; want the next player, too", most, got.EffectShare, effects)
					}
					text := rowsText(t, got)
					if want == "" {
						want = text
					}
					if text != want {
						t.Errorf("at most %d rows, %d lanes: %s", most, lanes, firstDifference(want, text))
					}
				}
			}
		})
	}
}
