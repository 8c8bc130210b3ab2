package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hlsload/nights"
	"hlsload/nights/archive"
	"hlsload/nights/history"
	"hlsload/reports"
)

// did runs the program, and fails the test if the exit code is another one.
func did(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := execute(context.Background(), args, &out, &errs); got != code {
		t.Fatalf("hlsload %s: exit code %d (want %d)\n%s%s", strings.Join(args, " "), got, code, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// nightly makes a folder with a scenario, in which the test goes on.
func nightly(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("seeds.yaml", []byte(seedsScenario), 0o644); err != nil {
		t.Fatal(err)
	}
}

func nightsIn(t *testing.T, dir string) []nights.Night {
	t.Helper()
	h, err := archive.Read(dir, history.Reading{})
	if err != nil || len(h.Problems()) > 0 {
		t.Fatalf("%v, %q", err, h.Problems())
	}
	return h.Nights
}

func TestParseAge(t *testing.T) {
	for s, hours := range map[string]float64{"": 0, "30d": 720, "1d": 24, "12h": 12, "90m": 1.5} {
		if d, err := parseAge(s); err != nil || d.Hours() != hours {
			t.Errorf("%q: %v, %v; want %v h", s, d, err, hours)
		}
	}
	for _, s := range []string{"d", "0d", "-1d", "1.5d", "30", "10m", "month", "99999999d", "-30h"} {
		if d, err := parseAge(s); err == nil || exitOf(err).code != exitUsage {
			t.Errorf("%q: %v; want wrong usage", s, d)
		}
	}
}

// TestHistory: nights are kept, compared, shown and linked, and a report can be written again
// with what went before.
func TestHistory(t *testing.T) {
	nightly(t)
	for _, seed := range []string{"1", "2", "3", "4", "5"} {
		did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--seed", seed, "--quiet")
	}
	out, _ := did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--seed", "6", "--progress", "none")
	if !regexp.MustCompile(`(?m)^History: .* \(5 nights before\)$`).MatchString(out) {
		t.Errorf("the end of a run does not say what went before:\n%s", out)
	}
	all := nightsIn(t, "nightly")
	if len(all) != 6 {
		t.Fatalf("%d nights; want 6", len(all))
	}
	for i, n := range all {
		s, err := reports.Read(filepath.Join("nightly", n.Run))
		if err != nil || s.Started != n.Started || n.Seed != uint64(i+1) || n.Key.Hash == "" || n.Key.Hash != all[0].Key.Hash || len(n.Measures) == 0 {
			t.Errorf("%v: %+v", err, n)
		}
	}
	// The page, and the table.
	out, _ = did(t, 0, "history", "nightly")
	if n := strings.Count(out, "PASS"); n != 6 || !strings.Contains(out, "Page: "+filepath.Join("nightly", "index.html")) {
		t.Errorf("%d nights in\n%s", n, out)
	}
	page, err := os.ReadFile("nightly/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		if !bytes.Contains(page, []byte(`href="./`+n.Run+`/report.html"`)) {
			t.Errorf("no link to %s", n.Run)
		}
	}
	// The report of the last night leads to the others, and is written the same again.
	last := filepath.Join("nightly", all[5].Run)
	did(t, 0, "report", last, "--quiet") // now there is a page that it can lead to
	before := map[string]string{}
	for _, name := range []string{reports.HTMLFile, reports.MarkdownFile, reports.SummaryFile, reports.JUnitFile} {
		b, err := os.ReadFile(filepath.Join(last, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = string(b)
	}
	if html := before[reports.HTMLFile]; !strings.Contains(html, `<a href="../`+all[0].Run+`/report.html">`) || !strings.Contains(html, `<a href="../index.html">All nights, with trends</a>`) || strings.Contains(html, `href="../`+all[5].Run) {
		t.Error("report.html does not lead to what went before")
	}
	if md := before[reports.MarkdownFile]; !strings.Contains(md, " 5 nights before this one; the last, ") {
		t.Errorf("summary.md does not say what went before:\n%s", md)
	}
	did(t, 0, "report", last, "--quiet")
	for name, text := range before {
		if b, _ := os.ReadFile(filepath.Join(last, name)); string(b) != text {
			t.Errorf("%s is another one when it is written again", name)
		}
	}
	// All of it for scripts, without writing the page.
	if err := os.Remove("nightly/index.html"); err != nil {
		t.Fatal(err)
	}
	out, _ = did(t, 0, "history", "nightly", "--json")
	var v history.View
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Schema != history.ViewSchema || len(v.Series) != 1 || len(v.Series[0].Nights) != 6 || !v.Series[0].Nights[0].Kept {
		t.Errorf("%v: %.500s", err, out)
	}
	if _, err := os.Stat("nightly/index.html"); err == nil {
		t.Error("--json writes the page")
	}
	// A page elsewhere leads to the same runs.
	did(t, 0, "history", "nightly", "--out", "page.html")
	if page, err := os.ReadFile("page.html"); err != nil || !bytes.Contains(page, []byte(`href="./nightly/`+all[0].Run+`/report.html"`)) {
		t.Errorf("%v: no link", err)
	}
}

// TestHistoryOfSeeds: each seed is a night, and none went before another one.
func TestHistoryOfSeeds(t *testing.T) {
	nightly(t)
	did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--seeds", "1..3", "--quiet")
	all := nightsIn(t, "nightly")
	if len(all) != 3 {
		t.Fatalf("%d nights; want 3", len(all))
	}
	for i, n := range all {
		if !regexp.MustCompile(`^seeds-\d+-\d+/seed-\d$`).MatchString(n.Run) {
			t.Errorf("folder %s", n.Run)
		}
		md, err := os.ReadFile(filepath.Join("nightly", n.Run, reports.MarkdownFile))
		if err != nil || !bytes.Contains(md, []byte("There is no night to compare with yet.")) {
			t.Errorf("seed %d: %v: %s", i+1, err, md)
		}
	}
}

// TestHistoryOfRunsThatProveNothing: a run that never began is a night, too.
func TestHistoryOfRunsThatProveNothing(t *testing.T) {
	nightly(t)
	did(t, reports.ExitUnreachable, "run", "seeds.yaml", "--history", "nightly", "--url", "http://127.0.0.1:1/index.m3u8", "--quiet")
	all := nightsIn(t, "nightly")
	if len(all) != 1 || all[0].Verdict != reports.Void || all[0].Reason == "" || all[0].ExitCode != reports.ExitUnreachable || len(all[0].Measures) != 0 {
		t.Errorf("%+v", all)
	}
	out, _ := did(t, 0, "history", "nightly")
	if !strings.Contains(out, "VOID") || !strings.Contains(out, "1 night: void") {
		t.Error(out)
	}
}

// TestRunOutsideItsHistory: what is not in the folder of the history is refused before
// anything is made.
func TestRunOutsideItsHistory(t *testing.T) {
	nightly(t)
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ history, out, want string }{
		{"nightly", "elsewhere", "--out elsewhere is not in --history nightly (want a folder in it, or no --out)"},
		{"nightly", "nightly", "is not in --history"}, {"nightly", "nightly/../elsewhere", "is not in --history"}, {"file", "", "file is a file (want a folder)"},
	} {
		args := []string{"simulate", "seeds.yaml", "--history", c.history}
		if c.out != "" {
			args = append(args, "--out", c.out)
		}
		if _, stderr := did(t, exitUsage, args...); !strings.Contains(stderr, c.want) {
			t.Errorf("%s %s: %s", c.history, c.out, stderr)
		}
	}
	for _, name := range []string{"nightly", "elsewhere"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is made", name)
		}
	}
	did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--out", "nightly/tonight", "--release", "packager\n1.4", "--quiet")
	if all := nightsIn(t, "nightly"); len(all) != 1 || all[0].Run != "tonight" || all[0].Release != "packager 1.4" {
		t.Errorf("%+v", all)
	}
	// A run that cannot begin leaves no folder.
	did(t, exitUsage, "simulate", "seeds.yaml", "--history", "nightly", "--progress", "loud")
	if entries, _ := os.ReadDir("nightly"); len(entries) != 2 {
		t.Errorf("%v", entries)
	}
}

// TestHistoryThatCannotBeWritten: the verdict stands, and its exit code where it is not PASS.
func TestHistoryThatCannotBeWritten(t *testing.T) {
	nightly(t)
	if os.Geteuid() == 0 { // may write everything: a folder in the place of the file cannot be written by it either
		k := keeping{dir: "nightly"}
		if err := os.MkdirAll("nightly/history.ndjson", 0o755); err != nil {
			t.Fatal(err)
		}
		s := &reports.Summary{Started: "2026-01-01T00:00:00Z", Verdict: reports.Pass}
		if err := k.add(&bytes.Buffer{}, "nightly/a", s); err == nil || !strings.Contains(err.Error(), "add to the history: nightly/history.ndjson is not a file") {
			t.Error(err)
		}
		if _, err := k.before("nightly/a", s); err == nil {
			t.Error("what went before is read from a folder")
		}
		return
	}
	if err := os.Mkdir("nightly", 0o555); err != nil {
		t.Fatal(err)
	}
	did(t, exitUsage, "simulate", "seeds.yaml", "--history", "nightly", "--quiet")
}

// TestAddToHistory: results from elsewhere join a history once, with their reports.
func TestAddToHistory(t *testing.T) {
	nightly(t)
	did(t, 0, "simulate", "seeds.yaml", "--out", "artifact/one", "--quiet")
	did(t, 0, "simulate", "seeds.yaml", "--out", "artifact/more", "--seeds", "1..2", "--quiet")
	_, stderr := did(t, 0, "history", "nightly", "--add", "artifact/one", "--add", "artifact/more")
	for _, want := range []string{"added one\n", "added seed-1\n", "added seed-2\n"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in %s", want, stderr)
		}
	}
	if _, stderr := did(t, 0, "history", "nightly", "--add", "artifact/one"); !strings.Contains(stderr, "artifact/one is in the history already, as one") {
		t.Error(stderr)
	}
	all := nightsIn(t, "nightly")
	if len(all) != 3 {
		t.Fatalf("%d nights; want 3", len(all))
	}
	for _, n := range all {
		if !archive.Kept("nightly")(n.Run) {
			t.Errorf("%s: no report", n.Run)
		}
	}
	// A folder that is in the history's already stays where it is.
	did(t, 0, "simulate", "seeds.yaml", "--out", "nightly/two", "--quiet")
	if _, stderr := did(t, 0, "history", "nightly", "--add", "nightly/two"); !strings.Contains(stderr, "added two\n") {
		t.Error(stderr)
	}
	if _, stderr := did(t, 0, "history", "nightly", "--add", "nightly/two"); !strings.Contains(stderr, "nightly/two is in the history already\n") {
		t.Error(stderr)
	}
	if _, stderr := did(t, exitUsage, "history", "nightly", "--add", "seeds.yaml"); !strings.Contains(stderr, "--add seeds.yaml: reading the results (want the folder of a finished run)") {
		t.Error(stderr)
	}
	if err := os.WriteFile("artifact/more/summary.json", []byte(`{"schema":"hlsload.seeds/v1","seeds":[{"dir":"../../etc"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr := did(t, exitUsage, "history", "nightly", "--add", "artifact/more"); !strings.Contains(stderr, `folder of a seed: "../../etc" is not in it`) {
		t.Error(stderr)
	}
}

func TestKeepHistory(t *testing.T) {
	nightly(t)
	did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--out", "nightly/young", "--quiet")
	did(t, 0, "simulate", "seeds.yaml", "--history", "nightly", "--out", "nightly/old", "--quiet")
	for _, name := range []string{"nightly/history.ndjson", "nightly/old/summary.json"} { // as if it had been last year
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(b, []byte("\n"))
		for i := range lines {
			if !bytes.Contains(lines[i], []byte(`"run":"young"`)) {
				lines[i] = regexp.MustCompile(`("started": ?)"2\d\d\d`).ReplaceAll(lines[i], []byte(`$1"2020`))
			}
		}
		if err := os.WriteFile(name, slices.Concat(lines...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr := did(t, 0, "history", "nightly", "--keep", "30d")
	if !strings.Contains(stderr, "removed old\n") || !strings.Contains(stderr, "1 folder of runs before ") {
		t.Error(stderr)
	}
	if _, err := os.Stat("nightly/young/report.html"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("nightly/old"); err == nil {
		t.Error("the folder is still there")
	}
	if all := nightsIn(t, "nightly"); len(all) != 2 {
		t.Errorf("%d nights; want 2: the lines stay", len(all))
	}
	if page, _ := os.ReadFile("nightly/index.html"); bytes.Contains(page, []byte(`./old/report.html`)) || !bytes.Contains(page, []byte("2020-")) {
		t.Error("the page leads to a report that is gone, or does not have the night")
	}
}

func TestNoHistory(t *testing.T) {
	nightly(t)
	if _, stderr := did(t, exitUsage, "history", "nightly"); !strings.Contains(stderr, "no history in nightly: there is no history.ndjson (want the folder of run --history DIR") {
		t.Error(stderr)
	}
	if _, stderr := did(t, exitUsage, "history", "seeds.yaml"); !strings.Contains(stderr, "seeds.yaml is a file (want a folder)") {
		t.Error(stderr)
	}
}

// TestHistoryHasNoSecrets: a token of the environment is not in a line, and not on the page.
func TestHistoryHasNoSecrets(t *testing.T) {
	nightly(t)
	const secret = "s3cr3t-t0k3n-of-the-night"
	t.Setenv("STREAM_TOKEN", secret)
	if err := os.WriteFile("secret.yaml", []byte(strings.Replace(seedsScenario, "rig: {ladder: mini, segment: 2s}", "url: \"http://127.0.0.1:1/${STREAM_TOKEN}/index.m3u8\"", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	did(t, reports.ExitUnreachable, "run", "secret.yaml", "--history", "nightly", "--quiet")
	did(t, 0, "history", "nightly")
	err := filepath.WalkDir("nightly", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s has the token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
