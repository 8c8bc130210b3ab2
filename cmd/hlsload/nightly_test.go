package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"hlsload/reports"
	"hlsload/scenarios"
)

// TestNightly does what docs/nightly.md does: two simulations are compared across a TTL, and
// the outcome is the one that the page shows, but for the dates and the build.
func TestNightly(t *testing.T) {
	slow(t)
	const page = "../../docs/nightly.md"
	const command = "<!-- output: hlsload compare before after --across target -->\n"
	file, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?s)(` + regexp.QuoteMeta(command) + `)(.*?)(<!-- end of output -->)`)
	if !shown.Match(file) {
		t.Fatalf("%s has no place for the comparison", page)
	}
	for _, not := range scenarios.NotSettings {
		if !strings.Contains(string(file), "| `"+not.Path+"` | "+not.Why+" |\n") {
			t.Errorf("%s: no row of %s: %s", page, not.Path, not.Why)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, line := range regexp.MustCompile(`(?m)^    hlsload (simulate pipeline-kill .*)$`).FindAllSubmatch(file, -1) {
		if code, stdout, stderr := executed(t, append(words(string(line[1])), "--quiet")...); code != 0 && code != reports.ExitFail {
			t.Fatalf("%s: exit code %d: %s%s", line[1], code, stdout, stderr)
		}
	}
	code, stdout, stderr := executed(t, "compare", "before", "after", "--across", "target")
	if code != reports.ExitFail {
		t.Fatalf("exit code %d: %s%s; want %d", code, stdout, stderr, reports.ExitFail)
	}
	t.Chdir(here)
	text := regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC`).ReplaceAllString(stdout, "2026-11-30 09:12 UTC")
	text, _, _ = strings.Cut(text, "\nPlayer by player") // of which another section is
	text = strings.ReplaceAll(text, build(), "v1.2.0, 0123456789ab, core")
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	b.WriteString("\n")
	is := shown.ReplaceAllLiteral(file, []byte(command+b.String()+"<!-- end of output -->"))
	if *update {
		if err := os.WriteFile(page, is, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(is) != string(file) {
		t.Errorf("the comparison is not the one of %s (want go test ./cmd/hlsload -run Nightly -update):\n%s", page, b.String())
	}
}
