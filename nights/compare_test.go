package nights

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlsload/reports"
)

// night is one with these measures.
func night(day int, measures ...Measure) Night {
	n := Night{Schema: Schema, Run: fmt.Sprintf("night-%d", day), RunID: fmt.Sprintf("id-%d", day), Started: fmt.Sprintf("2026-11-01T%02d:00:00Z", day), TargetS: 4, Seed: uint64(day), Verdict: reports.Pass,
		Key: reports.Key{Hash: "h", Mode: reports.ModeRun}, NeverRecovered: map[string]int64{"kill": 0}, Measures: measures}
	for _, i := range primary(n.Measures) {
		n.Measures[i].Primary = true
	}
	return n
}

func times(name string, v ...Level) Measure { return Measure{Name: name, Unit: "ms", Values: v} }

func shares(name string, of int64, v ...Level) Measure {
	return Measure{Name: name, Unit: "share", Values: v, Counts: slices.Repeat([]int64{of}, len(v))}
}

// steady are nights that differ a little.
func steady(n int, of func(off Level) []Measure) (all []Night) {
	for day := range n {
		all = append(all, night(day, of([]Level{-.02, .01, .02, -.01, 0}[day%5])...))
	}
	return all
}

const kill = "failover.mean{fault=kill,joined=before}"

func threeTimes(off Level) []Measure { return []Measure{times(kill, 8000*(1+off), 8050*(1-off), 8100)} }

func once(off Level) []Measure { return []Measure{times(kill, 8000*(1+off))} }

func find(t *testing.T, c *Comparison, name string) *Finding {
	t.Helper()
	for i := range c.Findings {
		if c.Findings[i].Measure == name {
			return &c.Findings[i]
		}
	}
	t.Fatalf("no finding of %s in %+v", name, c)
	return nil
}

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		what    string
		base    []Night
		now     Night
		outcome string
		test    string // of the first finding
		reason  string
	}{
		{"15 % slower, three times", steady(14, threeTimes), night(20, times(kill, 9300, 9250, 9200)), Worse, TestBoth, "failover.mean{fault=kill,joined=before} is 9.25 s, 14.9 % more than 8.05 s in 14 nights; by chance "},
		{"15 % slower, once", steady(14, once), night(20, times(kill, 9300)), Worse, TestNight, "the spread of the nights"},
		{"9 % slower: less than counts", steady(14, threeTimes), night(20, times(kill, 8750, 8770, 8790)), Same, TestBoth, "nothing got worse"},
		{"faster", steady(14, threeTimes), night(20, times(kill, 5000, 5000, 5000)), Same, TestBoth, "nothing got worse"},
		{"one of three is slow", steady(14, threeTimes), night(20, times(kill, 8000, 8050, 16000)), Same, TestBoth, ""},
		{"never, in half of the sessions", steady(14, func(off Level) []Measure {
			return []Measure{times("failover.p50{fault=kill,joined=before}", 8000*(1+off), 8000, 8000)}
		}), night(20, times("failover.p50{fault=kill,joined=before}", Never, Never, Never)), Worse, TestBoth, "is never, more than 8 s"},
		{"never, always", steady(14, func(Level) []Measure { return []Measure{times("failover.p95{fault=kill}", Never, Never)} }), night(20, times("failover.p95{fault=kill}", Never, Never)), Same, TestNight, ""},
		{"sessions that no longer move", steady(14, func(off Level) []Measure { return []Measure{shares("failed_over{fault=kill}", 50, 1, 1, 1)} }), night(20, shares("failed_over{fault=kill}", 50, .9, .92, .88)), Worse, TestBoth, "failed_over{fault=kill} is 90 %, 10 points less than 100 % in 14 nights"},
		{"one session of fifty", steady(14, func(Level) []Measure { return []Measure{shares("stalled", 50, 0)} }), night(20, shares("stalled", 50, .02)), Same, TestShare, ""},
		{"ten sessions of fifty", steady(14, func(Level) []Measure { return []Measure{shares("stalled", 50, 0)} }), night(20, shares("stalled", 50, .2)), Worse, TestShare, "20 points more than 0 %"},
		{"a rate within what nights differ by", steady(14, func(off Level) []Measure {
			return []Measure{{Name: "edge_rps.max", Unit: "1/s", Values: []Level{100 * (1 + 5*off)}}}
		}), night(20, Measure{Name: "edge_rps.max", Unit: "1/s", Values: []Level{118}}), Same, TestNight, ""},
		{"a rate far outside", steady(14, func(off Level) []Measure {
			return []Measure{{Name: "edge_rps.max", Unit: "1/s", Values: []Level{100 * (1 + off)}}}
		}), night(20, Measure{Name: "edge_rps.max", Unit: "1/s", Values: []Level{150}}), Worse, TestNight, "edge_rps.max is 150/s, 50 % more than 100/s"},
		{"four nights", steady(4, threeTimes), night(20, times(kill, 9300, 9250, 9200)), Undecided, TestNight, "4 nights are too few to tell a change from chance: 1 more needed"},
		{"no night", nil, night(20), Nothing, "", "there is no night to compare with yet"},
	} {
		c := Compare(tc.base, tc.now, How{})
		if c.Outcome != tc.outcome || !strings.Contains(c.Reason, tc.reason) {
			t.Errorf("%s: %s, %q; want %s, %q", tc.what, c.Outcome, c.Reason, tc.outcome, tc.reason)
		}
		if len(c.Findings) > 0 && c.Findings[0].Test != tc.test || len(c.Findings) == 0 && tc.test != "" {
			t.Errorf("%s: %+v; want test %q", tc.what, c.Findings, tc.test)
		}
		if code := map[string]int{Same: 0, Worse: 99, Undecided: 0, Nothing: 114}[c.Outcome]; c.ExitCode != code || c.First != (c.Outcome == Nothing) {
			t.Errorf("%s: exit code %d, first %v; want %d", tc.what, c.ExitCode, c.First, code)
		}
	}
}

// TestOfBothKindsOnlyWhatDecides: a measure that is no primary one has no part.
func TestOfBothKindsOnlyWhatDecides(t *testing.T) {
	with := func(latency Level) func(Level) []Measure {
		return func(off Level) []Measure {
			return append(threeTimes(off), times("live_latency.p50", latency*(1+off)))
		}
	}
	c := Compare(steady(14, with(10_000)), night(20, with(30_000)(0)...), How{})
	if f := find(t, &c, "live_latency.p50"); c.Outcome != Same || f.Worse || f.Primary || !strings.Contains(f.Why, "it has no part in the outcome") {
		t.Errorf("%s: %+v", c.Outcome, f)
	}
}

func TestAlwaysWorse(t *testing.T) {
	now := night(20, threeTimes(0)...)
	now.NeverRecovered["kill"] = 2
	for _, n := range []int{1, 14} {
		c := Compare(steady(n, threeTimes), now, How{})
		if c.Outcome != Worse || c.Findings[0].Test != TestAlways || !strings.HasPrefix(c.Reason, "2 sessions never recovered from kill; in ") {
			t.Errorf("%d nights: %s, %s", n, c.Outcome, c.Reason)
		}
	}
	base := steady(14, threeTimes)
	base[3].NeverRecovered["kill"] = 1
	if c := Compare(base, now, How{}); c.Outcome != Same {
		t.Errorf("it happened before: %s, %s; want same", c.Outcome, c.Reason)
	}
	now.NeverRecovered = map[string]int64{"other": 1}
	if c := Compare(base, now, How{}); c.Outcome != Same {
		t.Errorf("of a fault that the base has not: %s; want same", c.Outcome)
	}
}

// TestSplit says of each night that is left out why.
func TestSplit(t *testing.T) {
	all := steady(17, threeTimes)
	all[2].Verdict, all[2].Reason, all[2].Measures = reports.Void, "this machine was too slow", nil
	all[4].Verdict, all[4].Reason, all[4].Measures = reports.Interrupted, "by the user", nil
	all[5].Key.Hash = "other"
	all[6].Key.Hash = ""
	all[7].Verdict = reports.Fail
	now := night(16, threeTimes(0)...)
	used, left := Split(all, &now, How{Nights: 10})
	if len(used) != 10 || used[9].Run != "night-15" || !slices.ContainsFunc(used, func(n Night) bool { return n.Run == "night-7" }) {
		t.Errorf("used %d nights: %+v", len(used), used)
	}
	why := map[string]string{"night-2": "void: this machine was too slow", "night-4": "interrupted: by the user", "night-5": "another key: ", "night-6": "it has no key", "night-16": "it is the new night itself", "night-0": "only the last 10 nights are used"}
	for _, r := range left {
		if want := why[r.Run]; want != "" && !strings.HasPrefix(r.Why, want) {
			t.Errorf("%s: %q; want %q", r.Run, r.Why, want)
		}
		delete(why, r.Run)
	}
	if len(why) > 0 {
		t.Errorf("not left out: %v", why)
	}
}

// TestNightsOfOneSeed: they are more alike than others, so that they are taken alone or
// count once.
func TestNightsOfOneSeed(t *testing.T) {
	all := steady(12, threeTimes)
	for i := range all {
		if i%2 == 0 {
			all[i].Seed = 7
		}
	}
	for _, tc := range []struct {
		seed uint64
		used int
		why  string
	}{{7, 7, "another seed: 7 nights with seed 7 are enough"}, {99, 6, "a later night has the same seed"}} {
		now := night(20, threeTimes(0)...)
		now.Seed = tc.seed
		used, left := Split(all, &now, How{})
		if len(used) != tc.used || len(left) == 0 || left[0].Why != tc.why {
			t.Errorf("seed %d: %d nights, %+v; want %d, %q", tc.seed, len(used), left, tc.used, tc.why)
		}
	}
}

func TestNightsThatProveNothing(t *testing.T) {
	now := night(20)
	now.Verdict, now.Reason = reports.Void, "agent b was lost"
	c := Compare(steady(14, threeTimes), now, How{})
	if c.Outcome != Nothing || c.First || c.ExitCode != reports.ExitNothing || c.Reason != "the new night proves nothing: void: agent b was lost" {
		t.Errorf("%+v; want nothing, and no excuse", c)
	}
}

// TestSimulationsOfOneSeed are compared exactly: every figure that differs is listed, and
// the effect alone decides.
func TestSimulationsOfOneSeed(t *testing.T) {
	of := func(day int, v ...Level) Night {
		n := night(day, times(kill, v...), times("startup.p50", 300))
		n.Key.Mode, n.Seed, n.RunID = reports.ModeSimulate, 7, ""
		return n
	}
	base := []Night{of(1, 8000, 8000), of(2, 8000, 8000)}
	for _, tc := range []struct {
		now  Night
		want string
	}{{of(3, 8000, 8000), Same}, {of(3, 8100, 8100), Same}, {of(3, 9500, 9500), Worse}, {of(3, 5000, 5000), Same}} {
		c := Compare(base, tc.now, How{})
		if c.Outcome != tc.want || len(c.Base) != 1 || c.Base[0].Run != "night-2" || find(t, &c, kill).Test != TestExact || find(t, &c, kill).P.Measured() {
			t.Errorf("%v: %s, %+v; want %s", tc.now.Measures[0].Values, c.Outcome, c.Findings, tc.want)
		}
	}
	other := of(3, 8000, 8000)
	other.Seed = 8
	if c := Compare(base, other, How{}); c.Outcome != Undecided || len(c.Base) != 1 {
		t.Errorf("another seed: %s of %d nights; want undecided, of one", c.Outcome, len(c.Base))
	}
}

// TestExpectationsThatHeldAreNamed, whatever became of the measures.
func TestExpectationsThatHeldAreNamed(t *testing.T) {
	base := steady(14, threeTimes)
	base[3].Failed = []string{"startup.p95 < 1s"}
	now := night(20, threeTimes(0)...)
	now.Failed = []string{"startup.p95 < 1s", "stalled == 0%"}
	c := Compare(base, now, How{})
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "stalled == 0%") {
		t.Errorf("notes %q; want one about stalled", c.Notes)
	}
}

func TestPrimary(t *testing.T) {
	var all []Measure
	for _, f := range []string{"a", "b", "c"} {
		mean := times("failover.mean{fault="+f+",joined=before}", 1)
		if f == "b" {
			mean.Values[0] = Never
		}
		p50 := times("failover.p50{fault="+f+",joined=before}", 1)
		if f == "c" {
			p50.Values[0], mean.Values[0] = Never, Never
		}
		all = append(all, mean, p50, times("failover.p95{fault="+f+",joined=before}", 1), times("outage.p95{fault="+f+",joined=before}", 1), shares("failed_over{fault="+f+",joined=before}", 9, 1))
	}
	all = append(all, shares("stalled", 9, 0), shares("rebuffer_ratio", 0, 0), times("startup.p95", 1), Measure{Name: "edge_rps.max"}, Measure{Name: "origin_rps.max", Values: []Level{1}})
	var names []string
	for _, i := range primary(all) {
		name, _, _ := strings.Cut(all[i].Name, ",")
		names = append(names, name)
	}
	if got, want := strings.Join(names, " "), "failover.mean{fault=a failover.p50{fault=b outage.p95{fault=c rebuffer_ratio startup.p95 stalled origin_rps.max failover.p95{fault=a failover.p95{fault=b failover.p95{fault=c"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

// TestOccurrencesHaveTheirNumbers where some are pooled, or do not count.
func TestOccurrencesHaveTheirNumbers(t *testing.T) {
	row := func(number int, p50 reports.Value) reports.FaultSummary {
		d := reports.Dist{Count: 40, Mean: p50, P50: p50, P95: p50}
		return reports.FaultSummary{Name: "kill", Occurrence: number, AtOnset: &reports.FaultShare{Affected: 40, FailedOver: 40, FailoverMs: d, OutageMs: d, DetectionMs: d}, SegmentAgeS: reports.NoData}
	}
	s := &reports.Summary{Verdict: reports.Pass, Faults: []reports.FaultSummary{row(1, 8000), row(2, 99_000), row(3, 8100), row(9, 9000)}}
	s.Faults[1].Lost = "the machine was lost"
	n := Of(s, "")
	m := n.measure(kill)
	if m == nil || !slices.Equal(m.Occurrences, []int{1, 3, 9}) || !slices.Equal(m.Values, []Level{8000, 8100, 9000}) || m.Phases != nil {
		t.Fatalf("%+v; want the values of 1, 3 and 9", m)
	}
	n.Key = reports.Key{Hash: "h", Mode: reports.ModeRun}
	c := Compare(steady(14, threeTimes), n, How{})
	if f := find(t, &c, kill); f.Worst != 9 {
		t.Errorf("the worst is %d; want 9", f.Worst)
	}
}

// TestLevel: never and no data stay apart in a file.
func TestLevel(t *testing.T) {
	b, err := json.Marshal([]Level{1.5, Never, NoLevel})
	if err != nil || string(b) != `[1.5,"never",null]` {
		t.Fatalf("%s, %v", b, err)
	}
	var back []Level
	if err := json.Unmarshal(b, &back); err != nil || back[0] != 1.5 || !back[1].never() || back[2].Measured() {
		t.Errorf("%v, %v", back, err)
	}
}

// drawNight is a night with all kinds of measures.
func drawNight(t *rapid.T, day, occurrences int) Night {
	level := func(mean, spread float64) Level {
		return Level(mean + spread*rapid.Float64Range(-1, 1).Draw(t, "off"))
	}
	failover := Measure{Name: "failover.p50{fault=kill,joined=before}", Unit: "ms"}
	failed := Measure{Name: "failed_over{fault=kill,joined=before}", Unit: "share"}
	for range occurrences {
		phase := level(2, 2)
		v := level(8000, 300) - 900*phase
		if rapid.IntRange(0, 60).Draw(t, "never") == 0 {
			v = Never
		}
		failover.Values, failover.Phases, failover.Counts = append(failover.Values, v), append(failover.Phases, phase), append(failover.Counts, 40)
		failed.Values, failed.Counts = append(failed.Values, Level(40-rapid.IntRange(0, 2).Draw(t, "stayed"))/40), append(failed.Counts, 40)
	}
	return night(day, failover, failed, times("startup.p95", level(800, 100)), shares("stalled", 60, Level(rapid.IntRange(0, 3).Draw(t, "stalled"))/60),
		Measure{Name: "origin_rps.max", Unit: "1/s", Values: []Level{Level(rapid.IntRange(8, 10).Draw(t, "origin"))}})
}

func drawNights(t *rapid.T) (base []Night, now Night) {
	occurrences := rapid.IntRange(1, 4).Draw(t, "occurrences")
	for day := range rapid.IntRange(1, 15).Draw(t, "nights") {
		base = append(base, drawNight(t, day, occurrences))
	}
	return base, drawNight(t, 20, occurrences)
}

// swapped are the measures with the occurrences in another order.
func swapped(t *rapid.T, n Night) Night {
	n.Measures = slices.Clone(n.Measures)
	if len(n.Measures) == 0 {
		return n
	}
	order := rapid.Permutation([]int{0, 1, 2, 3}[:len(n.Measures[0].Values)]).Draw(t, "order")
	for i := range n.Measures {
		m := &n.Measures[i]
		if len(m.Values) != len(order) {
			continue
		}
		values, phases, counts := m.Values, m.Phases, m.Counts
		m.Values, m.Counts = nil, nil
		if phases != nil {
			m.Phases = nil
		}
		for _, k := range order {
			m.Values = append(m.Values, values[k])
			if counts != nil {
				m.Counts = append(m.Counts, counts[k])
			}
			if phases != nil {
				m.Phases = append(m.Phases, phases[k])
			}
		}
	}
	return n
}

// TestOrderOfOccurrencesIsNoMatter: the outcome and the probabilities stay.
func TestOrderOfOccurrencesIsNoMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, now := drawNights(t)
		first := Compare(base, now, How{Bare: true})
		for i := range base {
			base[i] = swapped(t, base[i])
		}
		second := Compare(base, swapped(t, now), How{Bare: true})
		if first.Outcome != second.Outcome {
			t.Fatalf("%s: %s; in another order %s: %s", first.Outcome, first.Reason, second.Outcome, second.Reason)
		}
		for _, f := range first.Findings {
			for _, g := range second.Findings {
				if f.Measure == g.Measure && math.Abs(float64(f.P-g.P)) > 1e-9 {
					t.Fatalf("%s: p %v, in another order %v", f.Measure, f.P, g.P)
				}
			}
		}
	})
}

// TestANightIsNotWorseThanItself, however often it is the base.
func TestANightIsNotWorseThanItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := drawNight(t, 20, rapid.IntRange(1, 4).Draw(t, "occurrences"))
		var base []Night
		for day := range rapid.IntRange(1, 15).Draw(t, "nights") {
			n := now
			n.Run, n.RunID, n.Seed, n.Started = fmt.Sprint(day), fmt.Sprint(day), uint64(day), fmt.Sprintf("2026-11-01T%02d:00:00Z", day)
			base = append(base, n)
		}
		if c := Compare(base, now, How{Bare: true}); c.Outcome == Worse {
			t.Fatalf("%s", c.Reason)
		}
	})
}

// TestWorseIsNeverBetter: where values get worse, a comparison that was worse stays so.
func TestWorseIsNeverBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, now := drawNights(t)
		// Begin with a night that is often worse.
		scale := Level(rapid.Float64Range(.9, 1.6).Draw(t, "slower"))
		worsen := func(n Night, factor Level) Night {
			n.Measures = slices.Clone(n.Measures)
			for i := range n.Measures {
				m := &n.Measures[i]
				m.Values = slices.Clone(m.Values)
				for k := range m.Values {
					switch {
					case m.Unit != "share":
						m.Values[k] *= factor
					case m.sign() > 0:
						m.Values[k] = min(m.Values[k]*factor, 1)
					default:
						m.Values[k] /= factor
					}
				}
			}
			return n
		}
		now = worsen(now, max(scale, 1))
		before := Compare(base, now, How{Bare: true})
		after := worsen(now, Level(rapid.Float64Range(1, 2).Draw(t, "and more")))
		if i := rapid.IntRange(0, len(after.Measures[0].Values)-1).Draw(t, "occurrence"); rapid.Bool().Draw(t, "never") {
			after.Measures[0].Values[i] = Never
		}
		if c := Compare(base, after, How{Bare: true}); before.Outcome == Worse && c.Outcome != Worse {
			t.Fatalf("worse, since %s; and with worse values %s: %s", before.Reason, c.Outcome, c.Reason)
		}
	})
}

// FuzzNights: whatever stands in a history, a comparison ends, and says what it found.
func FuzzNights(f *testing.F) {
	for _, n := range append(steady(6, threeTimes), night(20, shares("stalled", 50, .2), times("failover.p50{fault=kill}", Never, NoLevel))) {
		b, err := json.Marshal(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Add([]byte(`{"verdict":"pass","key":{"hash":"h"},"measures":[{"name":"stalled","unit":"share","values":[-1e308,1e308],"counts":[-9,9223372036854775807],"phases":[1e308]}]}`), []byte(`{"verdict":"pass","key":{"hash":"h"},"measures":[{"name":"stalled","unit":"share","values":["never",0.5],"hist":"HISTFAAAA"}]}`))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		var a, b Night
		if json.Unmarshal(one, &a) != nil || json.Unmarshal(other, &b) != nil {
			return
		}
		var base []Night
		for i := range 6 {
			a.Seed = uint64(i) + b.Seed + 1
			base = append(base, a)
		}
		c := Compare(base, b, How{})
		if c.Outcome == "" || c.Reason == "" {
			t.Errorf("%+v", c)
		}
		if _, err := json.Marshal(c); err != nil {
			t.Error(err)
		}
	})
}
