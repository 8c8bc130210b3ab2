package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/nights"
	"hlsload/nights/history"
	"hlsload/reports"
)

func night(id, run string) *nights.Night {
	return &nights.Night{Schema: nights.Schema, Run: run, RunID: id, Started: "2026-01-01T02:00:00Z", Scenario: "soak", Verdict: reports.Pass, Failed: []string{}, NeverRecovered: map[string]int64{},
		Measures: []nights.Measure{{Name: "failover.p95", Unit: "ms", Values: slices.Repeat([]nights.Level{5000.125}, 2000)}}} // longer than a page of memory
}

func add(t *testing.T, dir string, n *nights.Night) string {
	t.Helper()
	note, err := Append(dir, n)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func read(t *testing.T, dir string) *history.History {
	t.Helper()
	h, err := Read(dir, history.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAppend(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "nightly")
	for i := range 3 {
		if note := add(t, dir, night(fmt.Sprint(i), "")); note != "" {
			t.Error(note)
		}
	}
	if h := read(t, dir); len(h.Nights) != 3 || len(h.Problems()) != 0 {
		t.Errorf("%d nights, %q", len(h.Nights), h.Problems())
	}
}

// TestPowerLoss: a line that was cut is left out and told of, and costs no other line.
func TestPowerLoss(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, history.File)
	add(t, dir, night("1", ""))
	add(t, dir, night("2", ""))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{string(whole[:len(whole)/2-100]), "\x00\x00\x00\x00", "{"} {
		if err := os.WriteFile(name, append(slices.Clone(whole), tail...), 0o644); err != nil {
			t.Fatal(err)
		}
		if note := add(t, dir, night("3", "")); !strings.Contains(note, "history.ndjson: its last line was cut, as by a power loss") {
			t.Errorf("note %q", note)
		}
		if h := read(t, dir); len(h.Nights) != 3 || h.DamagedLines != 1 || h.Damaged[0].Line != 3 || h.Cut {
			t.Errorf("after %.10q: %d nights, damaged %+v", tail, len(h.Nights), h.Damaged)
		}
		if note := add(t, dir, night("4", "")); note != "" {
			t.Errorf("the next one notes %q", note)
		}
	}
	// Only the end of the last line is missing.
	if err := os.WriteFile(name, whole[:len(whole)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	add(t, dir, night("3", ""))
	if h := read(t, dir); len(h.Nights) != 3 || h.DamagedLines != 0 {
		t.Errorf("%d nights, damaged %+v", len(h.Nights), h.Damaged)
	}
}

// TestManyAtOnce: lines that several programs write at the same time do not mix. The test
// starts itself as those programs.
func TestManyAtOnce(t *testing.T) {
	const programs, each = 4, 8
	if dir := os.Getenv("ARCHIVE_TEST_DIR"); dir != "" {
		var all sync.WaitGroup
		for g := range 2 {
			all.Go(func() {
				for i := range each {
					if _, err := Append(dir, night(fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i), "")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		return
	}
	dir := t.TempDir()
	add(t, dir, night("first", ""))
	f, err := os.OpenFile(filepath.Join(dir, history.File), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"schema":"hlsload.night/v1","run":"cu`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var all sync.WaitGroup
	for range programs {
		all.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestManyAtOnce$")
			cmd.Env = append(os.Environ(), "ARCHIVE_TEST_DIR="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if h := read(t, dir); len(h.Nights) != programs*2*each+1 || h.DamagedLines != 1 || h.Doubles != 0 {
		t.Errorf("%d nights, %d damaged lines, %d doubles; want %d, 1, 0", len(h.Nights), h.DamagedLines, h.Doubles, programs*2*each+1)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(dir, "odd")
	if err := os.MkdirAll(filepath.Join(odd, history.File), 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{file: "is a file (want a folder)", odd: "history.ndjson is not a file (got d---------)"} {
		if _, err := Append(folder, night("1", "")); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "not a directory") {
			t.Errorf("add to %s: %v; want %q", folder, err, want)
		}
		if _, err := Read(folder, history.Reading{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read %s: %v; want %q", folder, err, want)
		}
		if err := Begin(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("begin in %s: %v; want %q", folder, err, want)
		}
	}
	if _, err := Read(dir, history.Reading{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v; want that it is not there", err)
	}
	bad := night("1", "")
	bad.Verdict = ""
	if _, err := Append(dir, bad); err == nil || Has(dir) {
		t.Errorf("a night that could not be read is added: %v", err)
	}
}

// TestBegin: a history without a night can be read, and one with nights stays as it is.
func TestBegin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "nightly")
	for n := range 2 {
		if err := Begin(dir); err != nil {
			t.Fatal(err)
		}
		if h := read(t, dir); len(h.Nights) != n || len(h.Problems()) > 0 {
			t.Errorf("%d nights, %q; want %d", len(h.Nights), h.Problems(), n)
		}
		add(t, dir, night(fmt.Sprint(n), ""))
	}
}

func TestInside(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "nightly")
	outside := filepath.Join(dir, "other")
	for _, d := range []string{base, outside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(base, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(outside, filepath.Join(base, "out")); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{base, filepath.Join(base, "a"), "a"}, {base, filepath.Join(base, "a", "seed-1"), "a/seed-1"}, {filepath.Join(dir, "link"), filepath.Join(base, "a"), "a"}, {base, filepath.Join(dir, "link", "a"), "a"},
		{base, base, ""}, {base, outside, ""}, {base, filepath.Join(base, "..", "other"), ""}, {base, filepath.Join(base, "out", "a"), ""}, {base, base + "-2", ""}, {filepath.Join(dir, "new"), filepath.Join(dir, "new", "b"), "b"},
	} {
		got, err := Inside(c[0], c[1])
		if got != c[2] || (c[2] == "") != errors.Is(err, ErrOutside) {
			t.Errorf("%s in %s: %q, %v; want %q", c[1], c[0], got, err, c[2])
		}
	}
	// Relative paths.
	t.Chdir(dir)
	if got, err := Inside("nightly", "nightly/a"); got != "a" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOf(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	add(t, "nightly", night("1", ""))
	for folder, want := range map[string][2]string{
		"nightly/soak": {"nightly", "soak"}, "nightly/soak/seed-1": {"nightly", "soak/seed-1"}, "nightly/a/b/c/d": {"nightly", "a/b/c/d"}, "nightly/a/b/c/d/e": {}, "elsewhere/soak": {},
	} {
		if at, run := Of(folder); at != want[0] || run != want[1] {
			t.Errorf("%s: %q %q; want %q", folder, at, run, want)
		}
	}
	if err := os.MkdirAll("nightly/soak", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir("nightly/soak")
	if at, run := Of("."); filepath.Base(at) != "nightly" || run != "soak" {
		t.Errorf("%q %q", at, run)
	}
}

func TestNewFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nightly")
	var all sync.WaitGroup
	names := make(chan string, 20)
	for range 20 {
		all.Go(func() {
			name, err := NewFolder(dir, "soak")
			if err != nil {
				t.Error(err)
			}
			names <- name
		})
	}
	all.Wait()
	close(names)
	seen := map[string]bool{}
	for name := range names {
		if seen[name] {
			t.Errorf("%s is given twice", name)
		}
		seen[name] = true
	}
	if !seen[filepath.Join(dir, "soak")] || !seen[filepath.Join(dir, "soak-20")] {
		t.Errorf("%v", seen)
	}
}

// made makes the folder of a run that started so many days ago, with a line in the history.
func made(t *testing.T, dir, run string, days int, now time.Time) {
	t.Helper()
	folder := filepath.Join(dir, filepath.FromSlash(run))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &reports.Summary{Schema: reports.Schema, RunID: "id of " + run, Started: now.AddDate(0, 0, -days).Format(time.RFC3339), Scenario: reports.Scenario{Name: "soak"}, Verdict: reports.Pass}
	f, err := os.Create(filepath.Join(folder, reports.SummaryFile))
	if err == nil {
		err = errors.Join(s.WriteJSON(f), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	n := nights.Of(s, run)
	add(t, dir, &n)
}

func TestRemove(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "nightly")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for run, days := range map[string]int{"old": 40, "young": 10, "foreign": 40, "other": 40, "linked": 40, "faulty": 40, "seeds/seed-1": 40, "seeds/seed-2": 40, "mixed/seed-1": 40, "mixed/seed-2": 10, "gone": 40, "outer": 40, "outer/inner": 10, "nosummary": 40} {
		made(t, dir, run, days, now)
	}
	write("old/events.ndjson", "12345")
	write("seeds/summary.json", `{"schema":"hlsload.seeds/v1"}`)
	write("mixed/summary.json", `{"schema":"hlsload.seeds/v1"}`)
	write("foreign/summary.json", `{"schema":"x"}`)
	write("other/summary.json", `{"schema":"hlsload.summary/v1","run_id":"another","verdict":"pass","started":"2026-01-01T00:00:00Z"}`)
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "gone")), os.Remove(filepath.Join(dir, "nosummary/summary.json")), os.MkdirAll(filepath.Join(dir, "unknown"), 0o755)); err != nil {
		t.Fatal(err)
	}
	// A link to a folder outside, of which all would be true.
	outside := t.TempDir()
	if err := errors.Join(os.Rename(filepath.Join(dir, "linked"), filepath.Join(outside, "linked")), os.Symlink(filepath.Join(outside, "linked"), filepath.Join(dir, "linked"))); err != nil {
		t.Skip(err)
	}
	j, err := journal.Create(filepath.Join(dir, "faulty", reports.JournalFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Record(conduct.Step{Fault: &chaos.Fault{Name: "kill-0", Kind: chaos.PipelineKill, Via: chaos.ViaRig}, Type: conduct.StepApply}), j.Close()); err != nil {
		t.Fatal(err)
	}
	// A line whose folder is outside.
	n := night("x", "../other")
	add(t, dir, n)

	h := read(t, dir)
	lines, err := os.ReadFile(filepath.Join(dir, history.File))
	if err != nil {
		t.Fatal(err)
	}
	removals, err := Remove(dir, h, now.AddDate(0, 0, -30))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range removals {
		got[r.Run] = r.Why
		if r.Run == "old" && r.Bytes < 100 {
			t.Errorf("%d bytes of old", r.Bytes)
		}
	}
	for run, want := range map[string]string{
		"old": "", "seeds/seed-1": "", "seeds/seed-2": "", "mixed/seed-1": "",
		"foreign": `schema`, "other": "it holds another run than the line of the history", "linked": "linked is not a folder (got L", "faulty": "a fault of it is not undone (want first: hlsload undo ", "outer": "the younger run outer/inner is in it", "nosummary": "it has no summary.json",
	} {
		why, ok := got[run]
		if !ok || !strings.Contains(why, want) || (want == "") != (why == "") {
			t.Errorf("%s: %q; want %q", run, why, want)
		}
		delete(got, run)
	}
	if len(got) > 0 {
		t.Errorf("also %v", got)
	}
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"faulty", "foreign", history.File, "linked", "mixed", "nosummary", "other", "outer", "unknown", "young"}; !slices.Equal(left, want) {
		t.Errorf("left %q; want %q", left, want)
	}
	if _, err := os.Stat(filepath.Join(outside, "linked", reports.SummaryFile)); err != nil {
		t.Errorf("what a link leads to was removed: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, history.File)); err != nil || string(after) != string(lines) {
		t.Error("the lines have changed")
	}
}

func TestKept(t *testing.T) {
	dir := t.TempDir()
	made(t, dir, "a", 0, time.Now())
	if Kept(dir)("a") || Kept(dir)("../x") || Settings(dir)("a") != nil || Settings(dir)("..") != nil {
		t.Error("kept without a report, or with settings")
	}
	if err := os.WriteFile(filepath.Join(dir, "a", reports.HTMLFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", reports.SummaryFile), []byte(`{"schema":"hlsload.summary/v1","verdict":"pass","key":{"hash":"h","settings":{"duration":"1h"}}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if !Kept(dir)("a") || Settings(dir)("a")["duration"] != "1h" {
		t.Errorf("%v %v", Kept(dir)("a"), Settings(dir)("a"))
	}
}
