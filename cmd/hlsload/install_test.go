package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"hlsload/system"
)

// TestLimitsOfTheDocuments keeps the table of what systems lack what the program says.
func TestLimitsOfTheDocuments(t *testing.T) {
	const file, begin, end = "../../docs/install.md", "<!-- limits: made from the code -->\n", "<!-- end of limits -->\n"
	table := "\n| macOS | Windows | it lacks | instead |\n| --- | --- | --- | --- |\n"
	mac := system.Limits("darwin")
	for _, l := range system.Limits("windows") {
		on := ""
		if slices.ContainsFunc(mac, func(m system.Limit) bool { return m.What == l.What }) {
			on = "✕"
		}
		table += fmt.Sprintf("| %s | ✕ | %s | %s |\n", on, l.What, l.Instead)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s: no place for the limits (want %q and %q)", file, begin, end)
	}
	text := before + begin + table + "\n" + end + after
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if text != string(data) {
		t.Errorf("%s is not what the code says (want go test ./cmd/hlsload -run Documents -update)", file)
	}
}

// TestCompletions: there is one for each of four shells, and it knows the commands.
func TestCompletions(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, stderr := executed(t, "completion", shell)
		if code != 0 || len(stdout) < 1000 || stderr != "" {
			t.Errorf("%s: exit code %d, %d bytes: %s", shell, code, len(stdout), stderr)
		}
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"ru"}, "run\t"},
		{[]string{"run", "pipeline-k"}, "pipeline-kill\n"},
		{[]string{"list", "fa"}, "faults\n"},
		{[]string{"schema", "ma"}, "machine\n"},
		{[]string{"run", "--progress", "p"}, "plain\n"},
	} {
		code, stdout, stderr := executed(t, append([]string{"__complete"}, tc.args...)...)
		if code != 0 || !strings.Contains("\n"+stdout, "\n"+tc.want) {
			t.Errorf("%v: exit code %d, %q, %s; want %q in it", tc.args, code, stdout, stderr, tc.want)
		}
	}
}
