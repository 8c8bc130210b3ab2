package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/nights"
	"hlsload/nights/history"
	"hlsload/reports"
)

// many are nights of a scenario, the last of them on December 1st.
func many(scenario, key string, n int, change func(i int, n *nights.Night)) []nights.Night {
	var all []nights.Night
	for i := range n {
		at := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, i+1-n)
		x := nights.Night{
			Schema: nights.Schema, Run: scenario + "-" + at.Format("20060102-150405"), RunID: fmt.Sprintf("%s %s %d", scenario, key, i), Started: at.Format(time.RFC3339), Scenario: scenario, Seed: 7, Build: "v1.2.0",
			Key: reports.Key{Hash: key, Mode: reports.ModeRun, Version: "v1", Players: 1000}, Verdict: reports.Pass, Failed: []string{}, NeverRecovered: map[string]int64{},
			Measures: []nights.Measure{
				{Name: "failover.p95{fault=kill-0,joined=before}", Unit: "ms", Primary: true, Values: []nights.Level{nights.Level(5000 + 10*float64(i*i%7))}},
				{Name: "stalled", Unit: "share", Primary: true, Values: []nights.Level{.025}},
				{Name: "bitrate.mean", Unit: "bit/s", Values: []nights.Level{2e6}},
			},
		}
		if change != nil {
			change(i, &x)
		}
		all = append(all, x)
	}
	return all
}

func view(all ...[]nights.Night) *history.View {
	return history.Of(&history.History{Nights: slices.Concat(all...)}, history.Looking{Base: 14, Compared: 120, Kept: func(run string) bool { return !strings.Contains(run, "gone") }})
}

func text(t *testing.T, v *history.View, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(&b, v, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func html(t *testing.T, v *history.View, at At) string {
	t.Helper()
	var b strings.Builder
	if err := WriteHTML(&b, v, at); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// body is a page without its script and style.
func body(page string) string {
	_, rest, _ := strings.Cut(page, "<main>")
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}

// eventful are nights in which all happens that a history shows.
func eventful(i int, n *nights.Night) {
	switch {
	case i == 33:
		n.Verdict, n.Reason, n.Measures = reports.Void, "target unreachable: no answer", nil
	case i == 35:
		n.Verdict, n.Failed = reports.Fail, []string{"failover.p95{fault=kill-0} < 4s", "stalled < 1%"}
	}
	if i >= 24 && n.Measures != nil {
		n.Measures[0].Values[0] *= 1.2
	}
	if i >= 24 {
		n.Build = "v1.3.0"
	}
}

func TestText(t *testing.T) {
	want := `soak · 36 nights: 34 passed, 1 failed, 1 void · run, 1,000 players, hlsload v1, key k
  night (UTC)       verdict  why not                                                 seed  folder
  2026-12-01 02:00  FAIL     failover.p95{fault=kill-0} < 4s and 1 more do not hold     7  soak-20261201-020000
  2026-11-30 02:00  PASS                                                                7  soak-20261130-020000
  2026-11-29 02:00  VOID     target unreachable: no answer                              7  soak-20261129-020000
  33 older nights on the page
  changed since the night of 2026-11-20: failover.p95{fault=kill-0} worse, 5.02 s → 6.02 s (+20 %). hlsload is another one since
  then, too: v1.3.0, before v1.2.0
`
	v := history.Of(&history.History{Nights: many("soak", "k", 36, eventful)}, history.Looking{}) // compared with none
	if got := text(t, v, Options{Width: 130, Rows: 3}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestWorse: a night that is worse than those before is told, with what changed most.
func TestWorse(t *testing.T) {
	v := view(many("soak", "k", 20, func(i int, n *nights.Night) {
		n.NeverRecovered["kill-0"] = 0
		if i == 19 {
			n.NeverRecovered["kill-0"] = 3
		}
	}))
	if got := text(t, v, Options{Width: 130, Rows: 1}); !strings.Contains(got, "2026-12-01 02:00  PASS     WORSE        never_recovered.count{fault=kill-0} 0 → 3") || !strings.Contains(got, "why not, or worst change") {
		t.Error(got)
	}
	got := body(html(t, v, At{}))
	for _, want := range []string{`<header class="card verdict fail">`, "<h1>✕ soak: Pass, but worse than before</h1>", "3 sessions never recovered from kill-0", ">✕ worse</td>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%.3000s", want, got)
		}
	}
}

// TestRelease: since which release something has changed is told, and a release stands where
// it is another one than in the night before.
func TestRelease(t *testing.T) {
	v := view(many("soak", "k", 36, func(i int, n *nights.Night) {
		eventful(i, n)
		n.Release = "packager 1.4"
		if i >= 24 {
			n.Release = "packager 1.5"
		}
	}))
	if got := text(t, v, Options{Width: 200, Rows: 3}); !strings.Contains(got, "changed since the night of 2026-11-20 (release packager 1.5, before packager 1.4): failover.p95{fault=kill-0} worse") {
		t.Error(got)
	}
	got := body(html(t, v, At{}))
	if n := strings.Count(got, `<td class="w">packager 1.5</td>`); n != 1 || !strings.Contains(got, `<th scope="col" class="w">release</th>`) {
		t.Errorf("release 1.5 stands %d times; want once", n)
	}
	if strings.Contains(body(html(t, view(many("soak", "k", 3, nil)), At{})), "release") {
		t.Error("a column for releases that there are none of")
	}
}

func TestNarrowText(t *testing.T) {
	for width := 40; width <= 120; width += 20 {
		for _, line := range strings.Split(text(t, view(many("soak", "k", 36, eventful)), Options{Width: width}), "\n") {
			if n := len([]rune(line)); n > width {
				t.Errorf("%d columns: a line of %d: %s", width, n, line)
			}
		}
	}
}

func TestFirstNights(t *testing.T) {
	if got := text(t, view(), Options{Width: 80}); got != "No nights yet.\n" {
		t.Error(got)
	}
	if got := html(t, view(), At{Title: "nightly"}); !strings.Contains(got, "No nights yet") {
		t.Error(got)
	}
	got := text(t, view(many("soak", "k", 3, nil)), Options{Width: 120})
	if !strings.Contains(got, "soak · 3 nights: all passed ·") || !strings.Contains(got, "change points are looked for from 20 nights with figures on; there are 3\n") {
		t.Error(got)
	}
	if got := text(t, view(many("soak", "", 1, nil)), Options{Width: 120}); !strings.Contains(got, "soak · 1 night: passed · without a key") {
		t.Error(got)
	}
}

// TestFormerKeys: nights that cannot be compared are on the page with what differs, folded.
func TestFormerKeys(t *testing.T) {
	old := many("soak", "old", 3, func(i int, n *nights.Night) {
		n.Started = strings.Replace(n.Started, "2026", "2025", 1)
		n.Key.Players = 500
	})
	v := view(old, many("soak", "new", 3, nil))
	if got := text(t, v, Options{Width: 120}); !strings.Contains(got, "\nNights that cannot be compared with these, because their key is another one:\n  soak, 2025-11-29 to 2025-12-01: 3 nights; players: 500 here, 1000 since;") {
		t.Error(got)
	}
	got := body(html(t, v, At{}))
	if !strings.Contains(got, "<b>soak</b> 2025-11-29 to 2025-12-01: 3 nights") || !strings.Contains(got, "players: 500 here, 1000 since") || !strings.Contains(got, "settings of the scenario may differ as well") {
		t.Error(got)
	}
}

func TestPage(t *testing.T) {
	got := body(html(t, view(many("soak", "k", 36, eventful)), At{Title: "nightly"}))
	for _, want := range []string{
		`<h1>✕ soak: Fail</h1>`, "Night of 2026-12-01 02:00: failover.p95{fault=kill-0} &lt; 4s and 1 more do not hold.",
		"<dt>Nights</dt>\n<dd>36, 2026-10-27 to 2026-12-01</dd>", "Since the night of 2026-11-20: failover.p95{fault=kill-0} worse, 5.02 s → 6.02 s (+20 %).",
		`<a href="./soak-20261201-020000/report.html">2026-12-01 02:00</a>`, `<td class="w void">! void</td>`, `<td class="w no">✕ fail</td>`, `<td class="w ok">✓ pass</td>`,
		`id="chart-0-0"`, `id="chart-0-1"`, "6 older nights",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, `id="chart-0-2"`) {
		t.Error("a chart of a measure that is not primary")
	}
}

// TestData: what is drawn has no value of a void night, and marks it.
func TestData(t *testing.T) {
	v := view(many("soak", "k", 36, func(i int, n *nights.Night) {
		eventful(i, n)
		if i == 5 {
			n.Measures[0].Values[0] = nights.Level(math.Inf(1))
		}
	}))
	_, rest, _ := strings.Cut(html(t, v, At{}), `id="data">`)
	data, _, _ := strings.Cut(rest, "</script>")
	var d struct {
		Series []struct {
			T     []float64
			Marks []struct {
				T  float64
				At int
			}
			Lines []struct {
				ID     string
				V      []*float64
				Never  []int
				Points []struct{ T, From, To, Before, After float64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		t.Fatal(err)
	}
	s := d.Series[0]
	l := s.Lines[0]
	if len(s.T) != 36 || len(l.V) != 36 || l.V[33] != nil || l.V[5] != nil || !slices.Equal(l.Never, []int{5}) || *l.V[0] != 5000 {
		t.Errorf("%+v", l)
	}
	if len(s.Marks) != 2 || s.Marks[0].T != s.T[33] || s.Marks[0].At != -1 || s.Marks[1].At != 35 {
		t.Errorf("marks %+v", s.Marks)
	}
	if len(l.Points) != 1 || l.Points[0].T != s.T[24] || l.Points[0].From != s.T[0] || l.Points[0].To != s.T[35] || l.Points[0].After < 1.15*l.Points[0].Before {
		t.Errorf("points %+v", l.Points)
	}
}

// TestHostileNames: no text of a line ends a tag, begins one or makes a link elsewhere.
func TestHostileNames(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	v := view(many(evil, evil, 2, func(_ int, n *nights.Night) {
		n.Run, n.Reason, n.Build, n.Failed, n.Verdict = "javascript:alert(1)//"+evil, evil, evil, []string{evil}, reports.Fail
		for i := range n.Measures {
			n.Measures[i].Name, n.Measures[i].Unit = evil+fmt.Sprint(i), evil
		}
		n.Key.Mode, n.Key.Version = evil, evil
	}))
	page := html(t, v, At{Title: evil, Base: "../" + evil})
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img") {
		t.Error("a text is markup")
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], ".") {
			t.Errorf("link to %s", m[1])
		}
	}
	if got := text(t, view(many("a\x1b[2Jb", "k", 1, nil)), Options{Width: 80}); strings.ContainsRune(got, '\x1b') {
		t.Errorf("%q", got)
	}
}

func TestLink(t *testing.T) {
	for _, c := range [][3]string{
		{"", "soak-1", "./soak-1/report.html"}, {"", "a/seed-1", "./a/seed-1/report.html"}, {"..", "soak-1", "../soak-1/report.html"}, {"../nightly", "a b?#", "../nightly/a%20b%3F%23/report.html"},
		{"", "javascript:alert(1)", "./javascript:alert%281%29/report.html"},
	} {
		if got := Link(c[0], c[1]); got != c[2] && strings.NewReplacer("%28", "(", "%29", ")").Replace(got) != strings.NewReplacer("%28", "(", "%29", ")").Replace(c[2]) {
			t.Errorf("%q %q: %s; want %s", c[0], c[1], got, c[2])
		}
	}
}

// TestTenYears: the page of ten years of nights of three scenarios stays below 8 MB, and says
// what is thinned out and left out.
func TestTenYears(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 11,000 nights")
	}
	var all [][]nights.Night
	for _, scenario := range []string{"soak", "kill", "freeze"} {
		all = append(all, many(scenario, "k", 3650, func(i int, n *nights.Night) {
			for k := range 8 {
				n.Measures = append(n.Measures, nights.Measure{Name: fmt.Sprintf("a rather long name of a measure.p95{fault=fault-%d,joined=before}", k), Unit: "ms", Primary: true, Values: []nights.Level{nights.Level(1000/3. + float64(i*k%17))}})
			}
			if i%9 == 0 {
				n.Verdict, n.Failed = reports.Fail, []string{strings.Repeat("a long expectation ", 9)}
			}
		}))
	}
	page := html(t, view(all...), At{Title: "nightly"})
	if n := len(page); n > 8<<20 {
		t.Errorf("%d bytes", n)
	}
	if !strings.Contains(page, "The first 2,650 nights are drawn as medians of several.") || !strings.Contains(page, "older nights not listed: history.ndjson has them.") {
		t.Error("it does not say what is left out")
	}
}

// TestManyKeys: the page has no end of series.
func TestManyKeys(t *testing.T) {
	var all [][]nights.Night
	for i := range 200 {
		all = append(all, many(fmt.Sprintf("s%d", i%40), fmt.Sprint(i), 2, nil))
	}
	page := body(html(t, view(all...), At{}))
	if n := strings.Count(page, `id="series-`); n != 2*mostSeries || !strings.Contains(page, "Not shown: 176 more series.") {
		t.Errorf("%d series", n)
	}
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal(view(many("soak", "k", 36, eventful)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"schema":"hlsload.history/v1"`, `"changes":[{"night":24,"run":"soak-20261120-020000","started":"2026-11-20T02:00:00Z"`, `"build":"v1.3.0","build_before":"v1.2.0"`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %s in %.2000s", want, b)
		}
	}
}
