package measure

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/expect"
	"hlsload/reports/page"
	"hlsload/reports/record"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what was written; run with -update and look at the difference\n%s", path, firstDifference(got, want))
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			wl := "the end"
			if i < len(w) {
				wl = w[i]
			}
			return "got  " + g[i][:min(300, len(g[i]))] + "\nwant " + wl[:min(300, len(wl))]
		}
	}
	return "got ends early"
}

// demoKnown has an entry that holds and one that does not.
var demoKnown = []string{"never_recovered{fault=kill-0,cohort=tv} > 0%", "failed_over{fault=kill-0,cohort=web} == 0%"}

// act is one thing that happens in the demo.
type act struct {
	at float64
	do func()
}

// demo is a whole run by hand: 300 viewers, pipeline 0 is killed at 30 s for
// 30 s. Viewers of hls.js notice and move within seconds, some of the TV
// players are slow, and a few never move.
func demo(t testing.TB, texts []string, shards int) *reports.Summary {
	cfg := sceneConfig(kill("kill-0", 0, 30, 60), second())
	cfg.Duration, cfg.Seed, cfg.Shards = sec(120), 7, shards
	cfg.Scenario = reports.Scenario{Name: "pipeline-kill", File: "scenarios/pipeline-kill.yaml", SHA256: strings.Repeat("ab", 32)}
	web := record.Cohort{Name: "web", Profile: "hlsjs-1.7", Player: "hls.js 1.7.4", Confidence: "read in its source"}
	control := web
	control.Name, control.Control = "control", true
	cfg.Cohorts = []record.Cohort{web, control, {Name: "tv", Profile: "rfc8216bis", Player: "the specification", Confidence: "documented choices"}}
	known := expect.Known{Faults: []string{"kill-0", "hang"}, Cohorts: []string{"web", "tv", "control"}, Profiles: []string{"hlsjs-1.7", "rfc8216bis"}}
	parsed := func(texts []string) (all []*expect.Expectation) {
		for _, text := range texts {
			e, problems := expect.Parse(text, known)
			if problems != nil {
				t.Fatalf("%s: %v", text, problems)
			}
			all = append(all, e)
		}
		return all
	}
	cfg.Expect, cfg.Known = parsed(texts), parsed(demoKnown)
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	q := map[int][]act{} // by tenth of a second
	at := func(s float64, do func()) {
		if s < 120 {
			q[int(s*10)] = append(q[int(s*10)], act{s, do})
		}
	}
	at(30, func() { c.FaultApplied(0, 1, sec(30), c.Usual()) })
	at(60, func() { c.FaultCleared(0, 1, sec(60)) })
	at(95, func() { c.FaultApplied(1, 1, sec(95), c.Usual()) })
	at(105, func() { c.FaultCleared(1, 1, sec(105)) })
	for i := range 300 {
		d := draw.Seed(1).For(uint64(i))
		demoViewer(c, i, d, at)
	}
	for tenth := range 1200 {
		for len(q[tenth]) > 0 {
			a := q[tenth][0]
			q[tenth] = q[tenth][1:]
			a.do()
		}
	}
	return Finish(c, End{At: sec(120), CPU: 1500 * time.Millisecond, RSSPeak: 48 << 20, Goroutines: 611,
		Faults: undone(0, 1)}).Summary
}

func second() chaos.Fault {
	f := chaos.NewFault("hang", chaos.OriginHang)
	f.Rule, f.Occurrence, f.Via, f.At, f.For = 1, 1, chaos.ViaRig, sec(95), sec(10)
	return f
}

func demoViewer(c *record.Collector, i int, d draw.Seed, at func(float64, func())) {
	rule := draw.NewRule("demo")
	u := func(k uint64) float64 { return d.Uniform(rule, k) }
	cohort, join, pipeline := 0, float64(i)/30, int8(0)
	switch {
	case i%10 == 9:
		cohort = 1
	case i%3 == 0:
		cohort = 2
	}
	if i%2 == 1 {
		pipeline = 1
	}
	if i >= 290 {
		join = 35 + float64(i-290)
	}
	var v viewer
	over := false
	do := func(s float64, f func()) {
		at(s, func() {
			if !over && v.s != nil {
				f()
			}
		})
	}
	at(join, func() {
		v = viewer{c.Join(sec(join), record.SessionInfo{Player: uint64(i), Cohort: cohort})}
		v.request(join, m3u8.KindMultivariant, -1)
	})
	startup := .4 + u(1)
	do(join+startup, func() {
		v.answer(join+startup, m3u8.KindMultivariant, -1, 200, -1)
		v.add(join+startup, player.Sample{Type: player.Started, Duration: sec(startup)}, nil)
	})
	for k := 0; k < 30; k++ {
		s := join + startup + float64(k)*4
		do(s, func() {
			rule, status := -1, int16(200)
			if s >= 36 && s < 60 && pipeline == 0 && cohort != 1 {
				rule, status = 0, 404
			}
			if s > 96 && s < 105 && i%4 == 0 && cohort != 1 {
				rule = 1
			}
			v.request(s, m3u8.KindMedia, pipeline)
			sm := player.Sample{At: sec(s + .06), Type: player.Answered, Kind: m3u8.KindMedia, Pipeline: pipeline, Status: status, Bytes: 900, Due: sec(s), Sent: sec(s + .001*u(uint64(k)+9)), FirstByte: sec(s + .02 + .02*u(uint64(k)+50))}
			m := record.Meta{Outcome: cdn.Outcome{Pop: []string{"FRA", "AMS"}[i%2], Cache: []cdn.Cache{cdn.CacheHit, cdn.CacheHit, cdn.CacheJoined, cdn.CacheRevalidated, cdn.CacheMiss}[(i+k)%5]}}
			if rule >= 0 {
				m.Marks = chaos.Mark(rule)
			}
			if status == 404 {
				sm.Failure = player.BadStatus
			}
			v.s.Add(listing(&sm), &m)
			if status == 404 {
				return
			}
			v.request(s+.1, m3u8.KindSegment, pipeline)
			v.s.Add(&player.Sample{At: sec(s + .5), Type: player.Answered, Kind: m3u8.KindSegment, Pipeline: pipeline, Status: 200, Bytes: 500_000, Due: sec(s + .1), Sent: sec(s + .1), FirstByte: sec(s + .13)}, &record.Meta{Outcome: cdn.Outcome{Cache: cdn.CacheHit, Pop: "FRA"}})
			v.s.Add(&player.Sample{At: sec(s + .5), Type: player.Appended, Kind: m3u8.KindSegment, Pipeline: pipeline, MediaDuration: sec(4), Bitrate: []int64{1_200_000, 2_700_000}[k%9/8], Latency: sec(9 + 2*u(uint64(k)+99))}, nil)
		})
	}
	if pipeline == 0 && cohort != 1 {
		move := max(37.5+6*u(2), join+5)
		if cohort == 2 {
			move += 8 * u(3)
		}
		do(44, func() { // a session that has not moved by now runs dry
			if pipeline == 0 {
				v.stall(44)
			}
		})
		switch {
		case i%40 == 0:
			do(52, func() { v.die(52); over = true })
		case i%50 == 2:
			do(46, func() { v.leave(46); over = true })
		case i%30 == 6: // waits until it is over
			do(61.5, func() { v.resume(61.5) })
		default:
			do(move, func() {
				v.decide(move, player.Failover, 0)
				pipeline = 1
				v.request(move, m3u8.KindMedia, 1)
				v.append(move+.6, 1)
				v.resume(move + .7)
			})
		}
	}
}

var demoExpect = []string{
	"failed_over{fault=kill-0} >= 99%",
	"failover.p95{fault=kill-0} < 15s",
	"failover.p50{fault=kill-0} < 15s",
	"rebuffer_ratio{cohort=web} < 5%",
	"stalled{cohort=web} - stalled{cohort=control} <= 1%",
	"startup.p95{joined=during} < 2s",
	"origin_amplification{fault=kill-0} < 3",
}

func TestGolden(t *testing.T) {
	s := demo(t, demoExpect, 1)
	for name, write := range map[string]func(*reports.Summary, io.Writer) error{
		"summary.json": (*reports.Summary).WriteJSON, "junit.xml": page.WriteJUnit, "summary.md": page.WriteMarkdown,
		"summary.txt": func(s *reports.Summary, w io.Writer) error {
			return page.WriteText(s, w, page.TextOptions{Detail: page.Full})
		},
	} {
		var b bytes.Buffer
		if err := write(s, &b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// TestWritten checks that every file is a function of summary.json: what was
// read back gives the same files.
func TestWritten(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	s := demo(t, demoExpect, 1)
	if err := page.Write(dir, s); err != nil {
		t.Fatal(err)
	}
	read, err := reports.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Write(again, read); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 4 {
		t.Errorf("%d files written; want 4: %v", len(entries), entries)
	}
	for _, e := range entries {
		a, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		b, _ := os.ReadFile(filepath.Join(again, e.Name()))
		if !bytes.Equal(a, b) {
			t.Errorf("%s is not the same when written from summary.json: %s", e.Name(), firstDifference(b, a))
		}
	}
}

// TestPage checks what no browser is needed for: nothing leaves the file, and
// nothing from the scenario becomes markup.
func TestPage(t *testing.T) {
	s := demo(t, demoExpect, 1)
	s.Scenario.Name = `</script><img src=x onerror=alert(1)>`
	s.Faults[0].Name = `<b>bold</b>`
	s.Warnings = append(s.Warnings, "<i>careful</i> & so on")
	var b bytes.Buffer
	if err := page.WriteHTML(s, &b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"<img", "<b>bold", "<i>careful", "src=\"http", "@import", "url(http"} {
		if strings.Contains(text, bad) {
			t.Errorf("page contains %q", bad)
		}
	}
	for _, want := range []string{"Content-Security-Policy", "default-src 'none'", "<caption>", "&lt;b&gt;bold&lt;/b&gt;", "✕ Fail", `scope="col"`} {
		if !strings.Contains(text, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if n := strings.Count(text, "</script>"); n != 2 {
		t.Errorf("%d script ends; want 2", n)
	}
}

func TestJUnitWellFormed(t *testing.T) {
	s := demo(t, demoExpect, 1)
	s.Verdict, s.VoidReason = reports.Void, "broken \x00\x1b[31m & <x>"
	var b bytes.Buffer
	if err := page.WriteJUnit(s, &b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suite    struct {
			Skipped int `xml:"skipped,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	// The run is an error. A void run proves nothing about 7 expectations, viewers_served and two faults.
	if got.Tests != 11 || got.Errors != 1 || got.Failures != 0 || got.Suite.Skipped != 10 {
		t.Errorf("tests %d, errors %d, failures %d, skipped %d; want 11, 1, 0, 10", got.Tests, got.Errors, got.Failures, got.Suite.Skipped)
	}
}

func BenchmarkWriteHTML(b *testing.B) {
	s := demo(b, nil, 1)
	for b.Loop() {
		if err := page.WriteHTML(s, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
