package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"hlsload/nights"
	"hlsload/reports"
)

// night is a night of a soak that began so many days after the first one.
func night(day int, change ...func(n *nights.Night)) nights.Night {
	at := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	n := nights.Night{
		Schema: nights.Schema, Run: "soak-" + at.Format("20060102-150405"), RunID: fmt.Sprintf("id-%d", day), Started: at.Format(time.RFC3339), DurationS: 3600, Scenario: "soak", Seed: 7, Build: "v1.0.0",
		Key: reports.Key{Hash: "k1", Mode: reports.ModeRun, Version: "v1", Players: 100}, Verdict: reports.Pass, Failed: []string{}, NeverRecovered: map[string]int64{},
		Measures: []nights.Measure{{Name: "failover.p95{fault=a}", Unit: "ms", Primary: true, Values: []nights.Level{nights.Level(5000 + float64(day%3)*20)}, Hist: "HIST"}},
	}
	for _, f := range change {
		f(&n)
	}
	return n
}

// void makes a night void.
func void(n *nights.Night) {
	n.Verdict, n.Reason, n.ExitCode, n.Measures = reports.Void, "target unreachable", reports.ExitUnreachable, nil
}

func text(t *testing.T, all ...nights.Night) string {
	t.Helper()
	var b bytes.Buffer
	for i := range all {
		line, err := Line(&all[i])
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
	}
	return b.String()
}

func read(t *testing.T, text string) *History {
	t.Helper()
	h, err := Reading{}.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestReadsWhatWasWritten(t *testing.T) {
	never := func(n *nights.Night) {
		n.Measures[0].Values = []nights.Level{nights.Level(math.Inf(1)), nights.Level(math.NaN()), 3}
	}
	h, err := Reading{Hist: true}.Read(strings.NewReader(text(t, night(0), night(1, void), night(2, never))))
	if err != nil || len(h.Nights) != 3 || len(h.Problems()) > 0 {
		t.Fatalf("%v: %+v", err, h)
	}
	if h.Nights[0].Measures[0].Hist != "HIST" || h.Nights[1].Verdict != reports.Void {
		t.Errorf("%+v", h.Nights)
	}
	if v := h.Nights[2].Measures[0].Values; !math.IsInf(float64(v[0]), 1) || !math.IsNaN(float64(v[1])) || v[2] != 3 {
		t.Errorf("values %v; want never, none and 3", v)
	}
	if h := read(t, text(t, night(0))); h.Nights[0].Measures[0].Hist != "" {
		t.Error("distributions are kept that are not asked for")
	}
}

// TestReadsWhatOthersSynced: lines in another order, twice, empty, with other ends and
// without the last one are all read, each night once.
func TestReadsWhatOthersSynced(t *testing.T) {
	lines := strings.SplitAfter(text(t, night(2), night(0), night(1), night(0), night(2, func(n *nights.Night) { n.Verdict = reports.Fail })), "\n")
	in := lines[0] + "\n" + strings.Replace(lines[1], "\n", "\r\n", 1) + "  " + lines[2] + "\n\n" + lines[3] + strings.TrimSuffix(lines[4], "\n")
	h := read(t, in)
	var days []string
	for _, n := range h.Nights {
		days = append(days, n.Started[:10])
	}
	if want := []string{"2026-01-01", "2026-01-02", "2026-01-03"}; !slices.Equal(days, want) || h.Doubles != 2 || h.DamagedLines != 0 || !h.Cut {
		t.Errorf("nights of %v, %d doubles, %d damaged, cut %v; want %v, 2, 0, true", days, h.Doubles, h.DamagedLines, h.Cut, want)
	}
	if h.Nights[2].Verdict != reports.Fail {
		t.Error("of two lines about a run, the first counts; want the last")
	}
}

// TestSimulationsAreTold: simulations have no id; the folder and the start tell them apart.
func TestSimulationsAreTold(t *testing.T) {
	sim := func(n *nights.Night) { n.RunID = "" }
	if h := read(t, text(t, night(0, sim), night(1, sim), night(0, sim))); len(h.Nights) != 2 || h.Doubles != 1 {
		t.Errorf("%d nights, %d doubles; want 2 and 1", len(h.Nights), h.Doubles)
	}
}

func TestDamagedLines(t *testing.T) {
	good := text(t, night(0))
	for _, c := range []struct{ name, line, want string }{
		{"cut by a power loss", good[:200], "2: column 200: unexpected end of JSON input"},
		{"zeros", strings.Repeat("\x00", 80), "2: column 1: invalid character"},
		{"no object", `[1]`, "2: not a night (want a line that hlsload wrote)"},
		{"another file", `{"schema":"hlsload.summary/v1"}`, `2: schema "hlsload.summary/v1" (want hlsload.night/v1)`},
		{"no version", `{"schema":"hlsload.night/vx"}`, `2: schema "hlsload.night/vx" (want hlsload.night/v1)`},
		{"no start", strings.Replace(good, `"started":"2026-01-01T02:00:00Z"`, `"started":"yesterday"`, 1), `2: started: not a time (got "yesterday"; want RFC 3339)`},
		{"an odd start", strings.Replace(good, `2026-01-01`, `0001-01-01`, 1), `2: started: not a time of a run`},
		{"an odd verdict", strings.Replace(good, `"pass"`, `"green"`, 1), `2: verdict: not known (got "green"; want pass, fail, void, interrupted)`},
		{"a wrong type", strings.Replace(good, `"seed":7`, `"seed":"x"`, 1), `2: not a night: json: cannot unmarshal string`},
		{"a number that is none", strings.Replace(good, `[5000]`, `[1e999]`, 1), `2: not a night: number "1e999"`},
		{"counts that do not fit", strings.Replace(good, `"values":[5000]`, `"values":[5000],"counts":[1,2]`, 1), `2: "failover.p95{fault=a}": 1 values with 2 counts and 0 phases`},
		{"a long name", strings.Replace(good, `"scenario":"soak"`, `"scenario":"`+strings.Repeat("x", maxText+1)+`"`, 1), "2: a text of 2001 bytes (want at most 2000)"},
		{"too many measures", strings.Replace(good, `"measures":[`, `"measures":[`+strings.Repeat("{},", maxNames), 1), "2: too many figures"},
		{"too long", `{"schema":"` + strings.Repeat("x", MaxLine) + `"}`, fmt.Sprintf("2: %d bytes (want at most %d)", MaxLine+14, MaxLine)},
	} {
		h := read(t, good+c.line+"\n"+text(t, night(1)))
		if len(h.Nights) != 2 || h.DamagedLines != 1 || len(h.Problems()) != 1 || !strings.HasPrefix(h.Problems()[0], "1 line is damaged and left out: history.ndjson:"+c.want) {
			t.Errorf("%s: %d nights, problems %.300q; want 2 and %q", c.name, len(h.Nights), h.Problems(), c.want)
		}
	}
}

func TestManyDamagedLines(t *testing.T) {
	h := read(t, strings.Repeat("x\n", 50)+text(t, night(0)))
	if len(h.Nights) != 1 || h.DamagedLines != 50 || len(h.Damaged) != maxListed || !strings.HasSuffix(h.Problems()[0], "19, 20 and others") {
		t.Errorf("%d damaged, %d listed: %q", h.DamagedLines, len(h.Damaged), h.Problems())
	}
}

func TestNewerLines(t *testing.T) {
	h := read(t, `{"schema":"hlsload.night/v2","started":{"at":1}}`+"\n"+text(t, night(0)))
	if len(h.Nights) != 1 || h.Newer != 1 || h.DamagedLines != 0 || !strings.Contains(h.Problems()[0], "1 line is of a newer hlsload left out") {
		t.Errorf("%+v: %q", h, h.Problems())
	}
}

// TestLargeHistory: of a file that does not fit, the end is kept.
func TestLargeHistory(t *testing.T) {
	var all []nights.Night
	for i := range 100 {
		all = append(all, night(i))
	}
	h, err := Reading{most: 10 * cost(&all[0])}.Read(strings.NewReader(text(t, all...)))
	if err != nil || len(h.Nights) < 9 || h.Left+len(h.Nights) != 100 || h.Nights[len(h.Nights)-1].RunID != "id-99" || !strings.Contains(h.Problems()[0], fmt.Sprintf("%d nights at the beginning", h.Left)) {
		t.Errorf("%v: %d nights, %d left out: %q", err, len(h.Nights), h.Left, h.Problems())
	}
}

func TestUnreadable(t *testing.T) {
	if _, err := (Reading{}).Read(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text(t, night(0)))))); err == nil || !strings.HasPrefix(err.Error(), "read history.ndjson: ") {
		t.Errorf("%v; want the error of the reader", err)
	}
}

func TestLine(t *testing.T) {
	n := night(0)
	n.Key.Settings = map[string]string{"a": "1"}
	if s := text(t, n); strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "}\n") || strings.Contains(s, "settings") {
		t.Errorf("%q; want a line without settings", s)
	}
	n.Started = ""
	if _, err := Line(&n); err == nil || !strings.Contains(err.Error(), `night of soak-20260101-020000: started: not a time (got ""`) {
		t.Error(err)
	}
}

func TestLocal(t *testing.T) {
	for run, want := range map[string]string{"soak-1": "soak-1", "a/seed-1": "a/seed-1", "./a/../b": "b", "": "", ".": "", "..": "", "../a": "", "a/../../b": "", "/etc": "", `..\a`: "", "a\x00": "", "a:b": "a:b"} {
		if got := Local(&nights.Night{Run: run}); got != want {
			t.Errorf("%q: %q; want %q", run, got, want)
		}
	}
}

func TestBefore(t *testing.T) {
	h := read(t, text(t, night(0), night(1), night(2), night(3)))
	now := night(2)
	if b := h.Before(&now); len(b) != 2 || b[1].RunID != "id-1" {
		t.Errorf("%+v; want those of the first two days", b)
	}
	// Seeds of one simulation do not go before one another.
	seed := func(k int) nights.Night {
		return night(0, func(n *nights.Night) {
			n.RunID, n.Run, n.Started = "", fmt.Sprintf("soak-1/seed-%d", k), fmt.Sprintf("2026-01-01T02:00:0%dZ", k)
		})
	}
	h = read(t, text(t, seed(1), seed(2)))
	last := seed(2)
	if b := h.Before(&last); len(b) != 0 {
		t.Errorf("%+v; want none", b)
	}
}

// TestOrderOfLines: whatever the order of the lines is, the view is the same.
func TestOrderOfLines(t *testing.T) {
	lines := strings.SplitAfter(text(t, night(0), night(1, void), night(2), night(3, func(n *nights.Night) { n.Key.Hash = "k2" }), night(4)), "\n")
	lines = lines[:5]
	view := func(lines []string) string {
		b, err := json.Marshal(Of(read(t, strings.Join(lines, "")), Looking{Base: 14, Compared: 10}))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := view(lines)
	rapid.Check(t, func(r *rapid.T) {
		other := rapid.Permutation(lines).Draw(r, "lines")
		if got := view(other); got != want {
			r.Fatalf("%s\nwant %s", got, want)
		}
	})
}

// FuzzRead: whatever a file holds, it is read within bounds, and can be shown.
func FuzzRead(f *testing.F) {
	line := func(n nights.Night) string {
		b, err := Line(&n)
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	f.Add(line(night(0)) + line(night(1, void)))
	f.Add(line(night(0))[:100])
	f.Add(`{"schema":"hlsload.night/v2"}`)
	f.Add(strings.Repeat(line(night(0)), 3))
	var many strings.Builder
	for i := range 25 {
		many.WriteString(line(night(i)))
	}
	f.Add(many.String())
	f.Fuzz(func(t *testing.T, in string) {
		h, err := Reading{Hist: true}.Read(strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(in, "\n") + 1; len(h.Nights)+h.DamagedLines+h.Newer > n {
			t.Fatalf("%d nights, %d damaged lines and %d newer ones of %d lines", len(h.Nights), h.DamagedLines, h.Newer, n)
		}
		Of(h, Looking{Base: 14, Compared: 100, Kept: func(string) bool { return true }, Settings: func(string) map[string]string { return map[string]string{"a": "1"} }})
		for i := range h.Nights {
			if _, err := Line(&h.Nights[i]); err != nil {
				t.Fatalf("a night that was read cannot be written: %v", err)
			}
		}
	})
}
