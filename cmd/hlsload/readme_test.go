package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hlsload/reports"
	"hlsload/run/cloud"
)

// cannotRun are the commands of README.md that TestReadme does not run, and why. It
// checks the names of their commands and flags all the same.
var cannotRun = map[string]string{
	"go build -o bin/hlsload ./cmd/hlsload":                                                                    "builds what is being tested",
	`export PATH="$PWD/bin:$PATH"`:                                                                             "is for a shell",
	"hlsload probe https://example.com/live/index.m3u8":                                                        "needs a stream",
	"hlsload run my-channel.yaml --url https://example.com/live/index.m3u8 --players 5":                        "needs a stream",
	"hlsload run  scenarios/aws/pipeline-failover.yaml --confirm HASH":                                         "needs an account on AWS",
	"hlsload run pipeline-kill --processes 2":                                                                  "takes as long as the scenario, and needs the full build",
	"hlsload run my-channel.yaml --url https://example.com/live/index.m3u8 --agents 3 --listen 192.0.2.1:4222": "needs a stream and agents",
}

// fails are the commands of README.md that are to fail.
var fails = map[string]int{
	"hlsload simulate pipeline-kill --set target.rig.origin.stale=none": reports.ExitFail,
}

// TestReadme runs the commands of README.md and compares what they print with what is
// shown there: as many lines as stand before a line with … alone.
func TestReadme(t *testing.T) {
	slow(t)
	file, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	used := map[string]bool{}
	var text []string
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		text = append(text, lines[i])
		line, ok := strings.CutPrefix(lines[i], "    ")
		line, shown := strings.CutPrefix(line, "$ ")
		name, _, _ := strings.Cut(line, " ")
		if !ok || strings.HasPrefix(line, " ") || !shown && !slices.Contains([]string{"hlsload", "make", "go", "git", "export"}, name) {
			continue
		}
		command, _, _ := strings.Cut(line, "  #")
		command = strings.TrimSpace(command)
		used[command] = true
		args, ours := strings.CutPrefix(command, "hlsload ")
		if why := cannotRun[command]; why != "" {
			if err := wellFormed(args); ours && err != nil {
				t.Errorf("%s: %v", command, err)
			}
			continue
		}
		if !ours {
			t.Errorf("%s: not run by this test (want it in cannotRun, with the reason)", command)
			continue
		}
		code, stdout, stderr := executed(t, words(args)...)
		if code == exitInvalid && !cloud.Full && strings.Contains(stderr, "needs the full build") {
			continue // README has made that one
		}
		if code != fails[command] {
			t.Errorf("%s: exit code %d, want %d: %s", command, code, fails[command], stderr)
		}
		if shown {
			n := slices.Index(lines[i+1:], "    …")
			if n < 0 {
				t.Fatalf("%s: no line with … ends what is shown", command)
			}
			printed := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
			for _, line := range printed[:min(n, len(printed))] {
				text = append(text, strings.TrimRight("    "+line, " "))
			}
			i += n
		}
	}
	for command := range cannotRun {
		if !used[command] {
			t.Errorf("%s: in cannotRun, but not in %s", command, file)
		}
	}
	if got := strings.Join(text, "\n"); got != string(data) && *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if got != string(data) {
		t.Errorf("%s does not show what its commands print (want go test ./cmd/hlsload -run Readme -update)", file)
	}
}

// TestYAMLOfTheDocuments validates the scenarios and events that documents show.
func TestYAMLOfTheDocuments(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(version: 1\n.*?)```")
	for _, file := range []string{"../../README.md", "../../docs/scenario.md", "../../docs/event.md", "../../docs/capacity.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(data), -1) {
			name := t.TempDir() + "/shown.yaml"
			if err := os.WriteFile(name, []byte(m[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, stdout, stderr := executed(t, "validate", name); code != 0 {
				t.Errorf("%s: %s%s", file, stdout, stderr)
			}
		}
	}
}

// TestCommandsOfTheDocuments checks that the commands in documents have the names and flags
// that there are.
func TestCommandsOfTheDocuments(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("documents: %v, %v", files, err)
	}
	command := regexp.MustCompile(`^(?:    |\s*(?:- )?run: |\s*\$ )?(?:bin/)?hlsload ([a-z-]+(?: .*)?)$`)
	end := regexp.MustCompile(`(\s{2,}|\s+(#|>|\||&&|;)).*$`)
	n := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fenced := false
		for line := range strings.Lines(string(data)) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "```") {
				fenced = !fenced
			}
			m := command.FindStringSubmatch(line)
			if m == nil || !fenced && !strings.HasPrefix(line, "    ") {
				continue
			}
			n++
			if err := wellFormed(end.ReplaceAllString(m[1], "")); err != nil {
				t.Errorf("%s: %s: %v", file, line, err)
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d commands in documents; want more", n)
	}
}
