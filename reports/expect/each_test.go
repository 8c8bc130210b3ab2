package expect

import (
	"testing"
	"time"

	"hlsload/reports"
)

func TestParseWindows(t *testing.T) {
	k := known
	k.Duration = 24 * time.Hour
	for text, want := range map[string]struct {
		left string
		over reports.Stat
		unit reports.Unit
	}{
		"rebuffer_ratio{each=10m} < 1%":                                       {"rebuffer_ratio{each=10m}", reports.NoStat, reports.Fraction},
		"rebuffer_ratio{each=10m}.max < 1%":                                   {"rebuffer_ratio{each=10m}.max", reports.StatMax, reports.Fraction},
		"rebuffer_ratio{each=10m,cohort=web}.p95 < 1%":                        {"rebuffer_ratio{cohort=web,each=10m}.p95", reports.StatP95, reports.Fraction},
		"startup.p95{ each = 1h30m , cohort = web } < 4s":                     {"startup.p95{cohort=web,each=1h30m}", reports.NoStat, reports.Milliseconds},
		"startup.p95{each=1h}.p50 < 4s":                                       {"startup.p95{each=1h}.p50", reports.StatP50, reports.Milliseconds},
		"startup.count{each=1h}.min > 10":                                     {"startup.count{each=1h}.min", reports.StatMin, reports.Plain},
		"edge_rps.max{each=5m} < 2k/s":                                        {"edge_rps.max{each=5m}", reports.NoStat, reports.PerSecond},
		"hit_ratio{each=5m}.mean > 50%":                                       {"hit_ratio{each=5m}.mean", reports.StatMean, reports.Fraction},
		"rebuffer_ratio{each=10m}.count >= 140":                               {"rebuffer_ratio{each=10m}.count", reports.StatCount, reports.Plain},
		"stalled{cohort=web,each=1h} - stalled{cohort=control,each=1h} <= 1%": {"stalled{cohort=web,each=1h}", reports.NoStat, reports.Fraction},
		"edge_rps.max{each=1h} / edge_rps.mean < 300%":                        {"edge_rps.max{each=1h}", reports.NoStat, reports.Plain},
	} {
		e, problems := Parse(text, k)
		if problems != nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if got := e.Left.String(); got != want.left || e.over() != want.over || e.unit != want.unit {
			t.Errorf("%s: %s over %v in %s; want %s over %v in %s", text, got, e.over(), reports.UnitNames[e.unit], want.left, want.over, reports.UnitNames[want.unit])
		}
	}
	for text, want := range map[string]string{
		"failover.p95{each=10m} < 15s":                     `14: failover has no value in a window of time and does not take the label each (got "each"; want a metric that has: startup, startup_failed, fatal, stalled, stall, rebuffer_ratio, live_latency, bitrate, request_errors, ttfb, requests, edge_rps, edge_bps, origin_rps, origin_bps, error_rps, hit_ratio, tester_lag)`,
		"rebuffer_ratio{each=10} < 1%":                     `21: each: not a duration (got "10"; want one such as 10m)`,
		"rebuffer_ratio{each=-10m} < 1%":                   `21: each: the windows are too short (got "-10m"; want 1s or more)`,
		"rebuffer_ratio{each=1m} < 1%":                     `21: each: that cuts the 24h of the run into 1440 windows (got "1m"; want 4m48s or more: at most 300 windows)`,
		"rebuffer_ratio{each=25h} < 1%":                    `21: each: the windows are longer than the run, which takes 24h (got "25h"; want 24h or less)`,
		"rebuffer_ratio{each=1h,each=1h} < 1%":             `24: label given twice (got "each")`,
		"rebuffer_ratio{fault=kill-0,each=1h} < 1%":        `29: each cuts the whole run into windows and does not go with the label fault (got "fault"; want cohort, profile or kind)`,
		"rebuffer_ratio{each=1h,phase=baseline} < 1%":      `16: each cuts the whole run into windows and does not go with the label phase (got "phase"; want cohort, profile or kind)`,
		"rebuffer_ratio{each=1h,joined=after} < 1%":        `16: each cuts the whole run into windows and does not go with the label joined (got "joined"; want cohort, profile or kind)`,
		"rebuffer_ratio.max{each=10m} < 1%":                `16: rebuffer_ratio is a share and has no statistic (got ".max"; want rebuffer_ratio{each=DURATION}.max)`,
		"rebuffer_ratio{each=10m}.p96 < 1%":                `26: unknown statistic (got "p96"; want one of min, mean, p50, p90, p95, p99, max, count)`,
		"rebuffer_ratio{cohort=web}.max < 1%":              `28: a statistic after the labels is one over windows (got ".max"; want each=DURATION among the labels)`,
		"ttfb.p99{kind=segment}.max < 1s":                  `24: a statistic after the labels is one over windows (got ".max"; want each=DURATION among the labels, or the statistic before them)`,
		"startup{each=10m}.p95 < 1s":                       `1: startup is a distribution and needs a statistic (got "startup"; want startup.min or .mean or .p50 or .p90 or .p95 or .p99 or .max or .count)`,
		"stalled{each=1h} - stalled{each=30m} < 1%":        `18: terms with different windows (got each=1h and each=30m; want the same length on both sides)`,
		"stalled{each=1h}.max - stalled{each=1h}.min < 1%": `22: terms with different statistics over windows (got max and min; want one of them: the difference or quotient is taken in each window, and the statistic over these)`,
	} {
		check(t, text, k, want)
	}
	k.Stop = true
	check(t, "rebuffer_ratio{each=10m} > 5%", k, `16: a stop condition looks at the present and does not take the label each (got "each"; want cohort, profile or kind)`)
}

// TestStatisticsOverWindows compares each statistic over the same windows.
func TestStatisticsOverWindows(t *testing.T) {
	at := func(minutes int) time.Duration { return time.Duration(minutes) * time.Minute }
	windows := []Window{
		{From: 0, To: at(10), Left: .01}, {From: at(10), To: at(20), Left: .04}, {From: at(20), To: at(30), Skipped: true},
		{From: at(30), To: at(40), Left: reports.NoData}, {From: at(40), To: at(50), Left: .02}, {From: at(220), To: at(230), Left: 0},
	}
	const rest = "; 1 window skipped, because a part of the run was lost; nothing to measure in 1 window"
	for text, want := range map[string]struct {
		pass   bool
		reason string
	}{
		"rebuffer_ratio{each=10m} < 4%":         {false, "measured 4 % in the worst of 4 windows of 10m: 10:00 to 20:00" + rest},
		"rebuffer_ratio{each=10m} > 1%":         {false, "measured 0 % in the worst of 4 windows of 10m: 3:40:00 to 3:50:00" + rest},
		"rebuffer_ratio{each=10m} == 1%":        {false, "measured 4 % in the worst of 4 windows of 10m: 10:00 to 20:00" + rest},
		"rebuffer_ratio{each=10m}.max <= 4%":    {true, "measured 4 %, the max of 4 windows of 10m (worst: 10:00 to 20:00, 4 %)" + rest},
		"rebuffer_ratio{each=10m}.min < 1%":     {true, "measured 0 %, the min of 4 windows of 10m (worst: 10:00 to 20:00, 4 %)" + rest},
		"rebuffer_ratio{each=10m}.mean < 1.76%": {true, "measured 1.75 %, the mean of 4 windows of 10m (worst: 10:00 to 20:00, 4 %)" + rest},
		"rebuffer_ratio{each=10m}.p50 <= 1%":    {true, "measured 1 %, the p50 of 4 windows of 10m (worst: 10:00 to 20:00, 4 %)" + rest},
		"rebuffer_ratio{each=10m}.p90 < 4%":     {false, "measured 4 %, the p90 of 4 windows of 10m (worst: 10:00 to 20:00, 4 %)" + rest},
		"rebuffer_ratio{each=10m}.count == 4":   {true, "measured 4, the number of windows of 10m with a value" + rest},
	} {
		e, problems := Parse(text, known)
		if problems != nil {
			t.Fatalf("%s: %v", text, problems)
		}
		r := e.ResultOver(windows)
		if r.Pass != want.pass || r.Reason != want.reason || r.Windows.Count != 4 || r.Windows.Skipped != 1 || r.Windows.Empty != 1 {
			t.Errorf("%s: %v, %q, %+v; want %v, %q", text, r.Pass, r.Reason, r.Windows, want.pass, want.reason)
		}
	}
	e, problems := Parse("requests{kind=media,each=10m} / requests{kind=segment,each=10m} < 2", known)
	if problems != nil {
		t.Fatal(problems)
	}
	for _, tc := range []struct {
		windows []Window
		pass    bool
		reason  string
	}{
		{nil, false, "no window was measured: the run was shorter than half a window"},
		{[]Window{{Skipped: true}}, false, "no window was measured: a part of the run was lost in every window"},
		{[]Window{{To: at(10), Left: 3, Right: 0}}, false, "no window was measured: cannot divide: requests{kind=segment,each=10m} is 0"},
		{[]Window{{To: at(10), Left: 3, Right: 2}, {From: at(10), To: at(20), Left: 3, Right: 3}}, true, "measured 1.5 in the worst of 2 windows of 10m: 0:00 to 10:00"},
		{[]Window{{To: at(10), Left: 3, Right: 2}, {From: at(10), To: at(20), Left: 3, Right: reports.Never}}, false, "cannot compare: requests{kind=segment,each=10m} never happened from 10:00 to 20:00"},
	} {
		if r := e.ResultOver(tc.windows); r.Pass != tc.pass || r.Reason != tc.reason {
			t.Errorf("%+v: %v, %q; want %v, %q", tc.windows, r.Pass, r.Reason, tc.pass, tc.reason)
		}
	}
}
