//go:build full

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
)

// TestPlanner does what docs/capacity.md does: its event is predicted, and the answer is
// the one that the page shows, but for the day.
func TestPlanner(t *testing.T) {
	slow(t)
	const page = "../../docs/capacity.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	event := regexp.MustCompile("(?s)```yaml\n(version: 1\nevent:.*?)```").FindSubmatch(data)
	shown := regexp.MustCompile(`(?s)(<!-- output: hlsload capacity event.yaml -->\n)(.*?)(<!-- end of output -->)`)
	if event == nil || !shown.Match(data) {
		t.Fatalf("%s has no event, or no place for the answer", page)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "event.yaml")
	if err := os.WriteFile(file, event[1], 0o600); err != nil {
		t.Fatal(err)
	}
	today = func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) }
	defer func() { today = time.Now }()
	code, stdout, stderr := executed(t, "capacity", file)
	if code != reports.ExitFail {
		t.Fatalf("exit code %d, %s; want %d: the default quotas are exceeded", code, stderr, reports.ExitFail)
	}
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(stdout) {
		if strings.HasPrefix(line, "answered: ") {
			continue
		}
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	b.WriteString("\n")
	is := shown.ReplaceAllLiteral(data, []byte("<!-- output: hlsload capacity event.yaml -->\n"+b.String()+"<!-- end of output -->"))
	if *update {
		if err := os.WriteFile(page, is, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(is) != string(data) {
		t.Errorf("the answer is not the one of %s (want go test -tags full ./cmd/hlsload -run Planner -update):\n%s", page, b.String())
	}
}
