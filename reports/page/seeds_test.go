package page

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hlsload/reports"
	"hlsload/reports/spread"
)

// sown is busy with several seeds, of which one fails.
func sown() *spread.Summary {
	var all []*reports.Summary
	var dirs []string
	for seed := range uint64(3) {
		s := busy()
		s.Seed, s.Target, s.Mode = seed, reports.Rig, reports.ModeSimulate
		s.Edge.Rps.Max, s.Players.Stalled = reports.Value(100*(seed+1)), int64(seed)
		if seed == 1 {
			s.Verdict, s.ExitCode = reports.Fail, reports.ExitFail
			s.Expectations[4].Pass = false
		}
		all, dirs = append(all, s), append(dirs, fmt.Sprintf("seed-%d", seed))
	}
	return spread.Of(all, dirs)
}

func seedsText(t *testing.T, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := WriteSeeds(sown(), &b, "out", o); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if o.Width > 0 && utf8.RuneCountInString(line) > o.Width+1 && !strings.Contains(line, "failed_over{") {
			t.Errorf("line of %d columns; want %d: %s", utf8.RuneCountInString(line), o.Width, line)
		}
	}
	return b.String()
}

func TestSeeds(t *testing.T) {
	short, full := seedsText(t, TextOptions{Width: 100}), seedsText(t, TextOptions{Width: 100, Detail: Full})
	for _, want := range []string{"FAIL  1 of 3 seeds fails, seed 1: 1 of 40 expectations does not hold: ", "\n  seed 1: FAIL: ", "again: hlsload simulate busy --seed 1", "2 of 3", "Figures over 3 seeds",
		"players", "stalled", "busy · simulate · 3 seeds · rig (the embedded channel)", "Files: out/", "exit code 99\n"} {
		for _, text := range []string{short, full} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
				t.Errorf("without %q:\n%s", want, text)
			}
		}
	}
	if !strings.Contains(short, "Left out: ") || strings.Contains(short, "profile-3") || strings.Contains(short, "seed 0") {
		t.Errorf("the short form has everything:\n%s", short)
	}
	if strings.Contains(full, "Left out: ") || !strings.Contains(full, "fault kill #40, profile profile-5") || !strings.Contains(full, "seed 0: PASS") || strings.Contains(full, "flapped back") {
		t.Errorf("the full form is not complete, or has rows of zeros:\n%s", full)
	}
	if verdict := seedsText(t, TextOptions{Detail: VerdictOnly}); strings.Count(verdict, "\n") > 2 || !strings.HasPrefix(verdict, "FAIL  ") {
		t.Errorf("the verdict is\n%s", verdict)
	}
}
