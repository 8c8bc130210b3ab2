package expect

import (
	"math"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

var known = Known{Faults: []string{"kill-0", "freeze"}, Cohorts: []string{"web", "control"}, Profiles: []string{"hlsjs-1.7", "rfc8216bis"}}

func TestParseExpectation(t *testing.T) {
	for _, tc := range []struct {
		text  string
		left  string
		right string
		op    byte
		cmp   string
		value float64
		unit  reports.Unit
	}{
		{"failed_over{fault=kill-0} >= 99%", "failed_over{fault=kill-0}", "", 0, ">=", .99, reports.Fraction},
		{"failover.p95{fault=kill-0} < 15s", "failover.p95{fault=kill-0}", "", 0, "<", 15_000, reports.Milliseconds},
		{"rebuffer_ratio{cohort=web} < 1%", "rebuffer_ratio{cohort=web}", "", 0, "<", .01, reports.Fraction},
		{"stalled{cohort=web} - stalled{cohort=control} <= 1%", "stalled{cohort=web}", "stalled{cohort=control}", '-', "<=", .01, reports.Fraction},
		{"origin_rps.max{phase=fault}/origin_rps.max{phase=baseline}<=3", "origin_rps.max{phase=fault}", "origin_rps.max{phase=baseline}", '/', "<=", 3, reports.Plain},
		{" bitrate.mean{profile=hlsjs-1.7} > 1.5Mbps ", "bitrate.mean{profile=hlsjs-1.7}", "", 0, ">", 1_500_000, reports.BitRate},
		{"ttfb.p99{kind=segment,phase=fault,joined=before} < 250ms", "ttfb.p99{kind=segment,phase=fault,joined=before}", "", 0, "<", 250, reports.Milliseconds},
		{"ttfb.p99{ kind = segment , phase = fault } < 1m30s", "ttfb.p99{kind=segment,phase=fault}", "", 0, "<", 90_000, reports.Milliseconds},
		{"outage.count == 0", "outage.count", "", 0, "==", 0, reports.Plain},
		{"origin_rps.max < 200/s", "origin_rps.max", "", 0, "<", 200, reports.PerSecond},
		{"origin_rps.max < 1.5k/s", "origin_rps.max", "", 0, "<", 1500, reports.PerSecond},
		{"requests >= 20k", "requests", "", 0, ">=", 20000, reports.Plain},
		{"requests{kind=\"segment\"} >= 1000", "requests{kind=segment}", "", 0, ">=", 1000, reports.Plain},
		{"fatal == 0", "fatal", "", 0, "==", 0, reports.Fraction},
		{"edge_bps.max < 20Gbps", "edge_bps.max", "", 0, "<", 20e9, reports.BitRate},
		{"origin_amplification{fault=freeze} < 2.5", "origin_amplification{fault=freeze}", "", 0, "<", 2.5, reports.Plain},
	} {
		e, problems := Parse(tc.text, known)
		if problems != nil {
			t.Errorf("%s: %v", tc.text, problems)
			continue
		}
		right := ""
		if e.Operator != 0 {
			right = e.Right.String()
		}
		if e.Left.String() != tc.left || right != tc.right || e.Operator != tc.op || e.compare != tc.cmp || math.Abs(e.value-tc.value) > 1e-9 || e.unit != tc.unit {
			t.Errorf("%s: got %s %q %s %s %v %s", tc.text, e.Left.String(), e.Operator, right, e.compare, e.value, reports.UnitNames[e.unit])
		}
	}
}

func TestParseStop(t *testing.T) {
	k := known
	k.Stop, k.Alarms = true, []string{"viewers see errors", "edge (5xx)"}
	e, problems := Parse("stalled_now > 90% for 20s", k)
	if problems != nil {
		t.Fatal(problems)
	}
	if e.Hold != 20*time.Second || e.value != .9 {
		t.Errorf("got hold %v, value %v", e.Hold, e.value)
	}
	for text, want := range map[string]string{
		"failed_over{fault=kill-0} < 50%":   `1: failed_over is only known at the end (got "failed_over"; want what is known while the run goes on, such as stalled_now or error_rate)`,
		"stalled{phase=fault} > 5%":         `9: a stop condition looks at the present and does not take the label phase (got "phase"; want cohort, profile or kind)`,
		"alarm()":                           `7: no alarm (got ")"; want the name of one of aws.alarms)`,
		"alarm(viewers see error)":          `7: unknown alarm (got "viewers see error"; want viewers see errors)`,
		"alarm(nothing like it at all, no)": `7: unknown alarm (got "nothing like it at all, no"; want one of viewers see errors, edge (5xx))`,
		`alarm(edge (5xx))`:                 "7: unknown alarm (got \"edge (5xx\"; want edge (5xx))\n17: unexpected text after the value (got \")\")",
		`alarm("edge (5xx)`:                 `6: unclosed ( (got "(\"edge (5xx)"; want ))`,
		"alarm(viewers see errors) > 3":     `27: unexpected text after the value (got "> 3")`,
		"alarm(viewers see errors) for 20":  `31: for: not a duration (got "20"; want one such as 20s)`,
		"alarm(viewers see errors) for 20s": ``,
		` alarm( "edge (5xx)" ) `:           ``,
		"stalled_now > 90% for 20":          `23: for: not a duration (got "20"; want one such as 20s)`,
	} {
		check(t, text, k, want)
	}
}

func check(t *testing.T, text string, k Known, want string) {
	t.Helper()
	e, problems := Parse(text, k)
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimSpace(strings.Join([]string{itoa(p.Column), p.String()}, ": ")))
	}
	if all := strings.Join(got, "\n"); all != want || (e != nil) != (want == "") {
		t.Errorf("%s\n got %s\nwant %s", text, all, want)
	}
}

func itoa(n int) string { return strings.TrimSpace(figure.Trim(float64(n), 0)) }

func TestExpectationProblems(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  `1: no metric (got the end; want a metric such as failed_over or failover.p95)`,
		"failedover >= 99%":                 `1: unknown metric (got "failedover"; want failed_over)`,
		"failover{fault=kill-0} < 15s":      `1: failover is a distribution and needs a statistic (got "failover"; want failover.min or .mean or .p50 or .p90 or .p95 or .p99 or .max or .count)`,
		"failed_over.p95 > 1%":              `13: failed_over is a share and has no statistic (got ".p95"; want failed_over alone)`,
		"failover.p96 < 1s":                 `10: unknown statistic (got "p96"; want one of min, mean, p50, p90, p95, p99, max, count)`,
		"requests < 200/s":                  `12: not a value of that unit (got "200/s"; want a number)`,
		"edge_rps.max < 200rps":             `16: not a value of that unit (got "200rps"; want a number per second such as 200/s)`,
		"edge_rps.p95 < 1":                  `10: edge_rps has no such statistic (got "p95"; want mean or max)`,
		"failed_over{fualt=kill-0} >= 99%":  `13: unknown label (got "fualt"; want fault)`,
		"failed_over{fault=kill-1} >= 99%":  `19: unknown fault (got "kill-1"; want kill-0)`,
		"stalled{cohort=tv} < 1%":           `16: unknown cohort (got "tv"; want one of web, control)`,
		"failed_over{phase=fault} > 1%":     `13: failed_over does not take the label phase (got "phase"; want fault, cohort, profile, joined)`,
		"failed_over{fault=kill-0 >= 99%":   "19: unknown fault (got \"kill-0 >= 99%\"; want one of kill-0, freeze)\n12: unclosed { (got {fault=kill-0 >= 99%; want })",
		"failed_over{fault} > 1%":           `13: not a label (got "fault} > 1%"; want label=value, such as fault=kill-0)`,
		"failed_over":                       `12: no comparison (got the end; want < <= > >= or ==)`,
		"failed_over != 1%":                 `13: unknown comparison (got "!="; want < <= > >= or ==)`,
		"failed_over >= 0.99":               `16: not a value of that unit (got "0.99"; want a share such as 99%)`,
		"failover.p95 < 15":                 `16: not a value of that unit (got "15"; want a duration such as 250ms, 15s or 2m)`,
		"failover.p95 <":                    `15: not a value of that unit (got the end; want a duration such as 250ms, 15s or 2m)`,
		"bitrate.p50 > NaNbps":              `15: not a value of that unit (got "NaNbps"; want a rate such as 800kbps or 20Mbps)`,
		"requests > 0x10":                   `12: not a value of that unit (got "0x10"; want a number)`,
		"stalled - startup.p50 < 1%":        `9: terms of different units (got share and duration; want the same unit on both sides of -)`,
		"viewers_served":                    `1: viewers_served is expected of every run (got "viewers_served"; want the line left out)`,
		"fatal == 0 really":                 `12: unexpected text after the value (got "really")`,
		"alarm(viewers see errors)":         `1: alarm(NAME) belongs to stop conditions (got "alarm(viewers see errors)"; want an expectation of what the run measures)`,
		"fatal == 0 for 5s":                 `12: for DURATION belongs to stop conditions (got "for 5s"; want an expectation of the whole run)`,
		"stalled{cohort=web,cohort=web}<1%": `20: label given twice (got "cohort")`,
		"a - b < c":                         "1: unknown metric (got \"a\"; want " + suggest("a", metricNames(false)) + ")\n5: unknown metric (got \"b\"; want " + suggest("b", metricNames(false)) + ")",
		strings.Repeat("x", 2000):           `1: expectation is too long (got 2000 bytes; want at most 1000)`,
	} {
		check(t, text, known, want)
	}
}

func TestCompare(t *testing.T) {
	parse := func(s string) *Expectation {
		e, problems := Parse(s, known)
		if problems != nil {
			t.Fatalf("%s: %v", s, problems)
		}
		return e
	}
	for _, tc := range []struct {
		text   string
		l, r   reports.Value
		pass   bool
		reason string
	}{
		{"failover.p95 < 15s", 14_999, 0, true, "measured 15 s"},
		{"failover.p95 < 15s", 15_000, 0, false, "measured 15 s"},
		{"failover.p95 <= 15s", 15_000, 0, true, "measured 15 s"},
		{"failover.p95 < 15s", reports.Never, 0, false, "measured never"},
		{"failover.p95 == 15s", reports.Never, 0, false, "measured never"},
		{"failover.p95 > 15s", reports.Never, 0, true, "measured never"},
		{"failover.p95{fault=kill-0} > 15s", reports.NoData, 0, false, "no data: no session was affected by kill-0"},
		{"fatal == 0", 0, 0, true, "measured 0 %"},
		{"fatal < 1%", reports.NoData, 0, false, "no data: nothing was counted for fatal"},
		{"origin_rps.max < 5", reports.NoData, 0, false, "no data: origin_rps.max could not be measured"},
		{"stalled - stalled{cohort=control} <= 1%", .03, .02, true, "measured 1 %"},
		{"failover.p50 - failover.p95 < 1s", 5, reports.Never, false, "cannot compare: failover.p95 never happened"},
		{"failover.p50 - failover.p95 < 1s", reports.Never, reports.Never, false, "cannot compare: failover.p95 never happened"},
		{"failover.p95 - failover.p50 > 1s", reports.Never, 5, true, "measured never"},
		{"requests{kind=media} / requests{kind=segment} < 2", 5, 0, false, "cannot divide: requests{kind=segment} is 0"},
		{"requests{kind=media} / requests{kind=segment} < 2", 6, 4, true, "measured 1.5"},
		{"requests{kind=media} / requests{kind=segment} < 2", 6, reports.NoData, false, "no data: nothing was counted for requests{kind=segment}"},
	} {
		r := parse(tc.text).Result(tc.l, tc.r)
		if r.Pass != tc.pass || r.Reason != tc.reason {
			t.Errorf("%s with %v, %v: %v, %q; want %v, %q", tc.text, tc.l, tc.r, r.Pass, r.Reason, tc.pass, tc.reason)
		}
	}
}

func FuzzParseExpectation(f *testing.F) {
	for _, s := range []string{"failed_over{fault=kill-0} >= 99%", "stalled{cohort=web} - stalled{cohort=control} <= 1%", "a.b{c=d,e=f}/g<1s for 2s", "stalled_now > 90% for 20s", "{", "x{", "bitrate.p50>1e9Gbps", "fatal == \"", "ttfb.p99{kind=segment", "alarm(x) for 3s", "alarm(\"x", "rebuffer_ratio{each=10m}.max < 1%", "stalled{cohort=web,each=1h}.p95-stalled{each=1h}<1%", "ttfb.p99{each=1s,kind=segment}.", "fatal{each=}.count==3"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, stop bool) {
		k := known
		k.Stop, k.Alarms = stop, []string{"x"}
		e, problems := Parse(s, k)
		if (e == nil) != (len(problems) > 0) {
			t.Fatalf("expectation %v with problems %v", e, problems)
		}
		for _, p := range problems {
			if p.Column < 1 || p.Column > len(s)+1 || p.What == "" {
				t.Fatalf("problem %+v in %d bytes", p, len(s))
			}
		}
		if e != nil && e.Alarm == "" {
			if math.IsNaN(e.value) || e.Hold < 0 {
				t.Fatalf("value %v, hold %v", e.value, e.Hold)
			}
			if again, problems := Parse(e.Text, k); problems != nil || again.Left != e.Left || again.value != e.value {
				t.Fatalf("%q does not parse again: %v", e.Text, problems)
			}
		}
	})
}

func TestMetricNames(t *testing.T) {
	for _, m := range Metrics {
		if m.About == "" {
			t.Errorf("%s: no description", m.Name)
		}
	}
	// The names of contract section 2.
	for _, name := range strings.Fields(`startup startup_failed fatal stalled stalled_now error_rate stall rebuffer_ratio live_latency bitrate
		detection failover outage content_skipped content_repeated failed_over healed recovered left never_recovered flapped_back
		request_errors ttfb requests edge_rps edge_bps origin_rps origin_bps origin_amplification edge_amplification error_rps hit_ratio tester_lag`) {
		if metricNamed(name) == nil {
			t.Errorf("no metric %s", name)
		}
	}
}

func TestAlarmExpectationProblems(t *testing.T) {
	for text, want := range map[string]string{
		"alarm_delay.max{alarm=outputs,fault=kill-0} < 60s":          ``,
		`alarm_delay.max{fault=kill-0,alarm="edge, 5xx {all}"} < 3m`: ``,
		`alert_delay.p50{alert="Pipeline Failed"} < 60s`:             ``,
		"other_alarms{fault=kill-0} == 0":                            ``,
		"other_alarms == 0":                                          ``,
		"alarm_delay.max{fault=kill-0} < 60s":                        `1: alarm_delay does not say which alarm (got "alarm_delay.max{fault=kill-0}"; want alarm_delay.max{alarm=NAME})`,
		"alert_delay.max < 60s":                                      `1: alert_delay does not say which alert (got "alert_delay.max"; want alert_delay.max{alert=NAME})`,
		"alarm_delay.max{alarm=output} < 60s":                        `23: unknown alarm (got "output"; want outputs)`,
		"alarm_delay{alarm=outputs} < 60s":                           `1: alarm_delay is a distribution and needs a statistic (got "alarm_delay"; want alarm_delay.min or .mean or .p50 or .p90 or .p95 or .p99 or .max or .count)`,
		"alert_delay.max{alert=} < 60s":                              `23: no alert (got "} < 60s"; want the type of an alert, such as "Pipeline Failed")`,
		"alarm_delay.max{alert=x,alarm=outputs} < 60s":               `17: alarm_delay does not take the label alert (got "alert"; want fault, alarm)`,
	} {
		check(t, text, alarmNames, want)
	}
	for text, want := range map[string]string{
		"alarm_delay.max{alarm=outputs} < 60s": `23: no alarm is watched (got "outputs"; want its name in aws.alarms, too)`,
		"alert_delay.max{alert=x} < 60s":       `23: the alerts of no channel are watched (got "x"; want the channel in aws.channel, too)`,
		"other_alarms == 0":                    `1: other_alarms: nothing is watched on AWS (got "other_alarms"; want aws.alarms or aws.channel, too)`,
	} {
		check(t, text, known, want)
	}
	k := alarmNames
	k.Stop = true
	check(t, "other_alarms > 0", k, `1: other_alarms is only known at the end (got "other_alarms"; want what is known while the run goes on, such as stalled_now or error_rate)`)
}

var alarmNames = Known{Faults: []string{"kill-0", "freeze"}, Alarms: []string{"outputs", "edge, 5xx {all}"}, Alerts: true}
