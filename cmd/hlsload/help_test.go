package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commands are those that have help of their own.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	var all []*cobra.Command
	for _, cmd := range rootCommand(network{}).Commands() {
		if cmd.Runnable() && cmd.Name() != "help" && cmd.Name() != "completion" {
			all = append(all, cmd)
		}
	}
	return all
}

func TestHelpHasAnExampleAndExitCodes(t *testing.T) {
	for _, cmd := range commands(t) {
		_, stdout, _ := executed(t, cmd.Name(), "--help")
		if !strings.Contains(stdout, "Examples:\n  hlsload "+cmd.Name()) || !strings.Contains(stdout, "Exit codes:\n") || !strings.Contains(stdout, "  0    PASS") {
			t.Errorf("%s: %s", cmd.Name(), stdout)
		}
	}
}

// Examples name commands and flags that there are.
func TestExamplesOfHelp(t *testing.T) {
	for _, cmd := range commands(t) {
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "hlsload")), " > ")
			if err := wellFormed(line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}

// wellFormed checks a command line without running it.
func wellFormed(line string) error {
	root := rootCommand(network{})
	root.InitDefaultCompletionCmd()
	cmd, args, err := root.Find(words(line))
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestEveryExitCodeIsExplained(t *testing.T) {
	all := map[int]bool{}
	for _, e := range exits {
		if all[e.code] || e.about == "" {
			t.Errorf("%d stands twice, or has no text", e.code)
		}
		all[e.code] = true
	}
	for name, use := range uses {
		for _, c := range use.codes {
			if !all[c] {
				t.Errorf("%s: exit code %d has no text", name, c)
			}
		}
	}
	for _, c := range codes {
		if !all[c] {
			t.Errorf("exit code %d of a run that did not begin has no text", c)
		}
	}
	_, stdout, _ := executed(t, "help", "exit-codes")
	for c := range all {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^  %d +\S`, c)).MatchString(stdout) {
			t.Errorf("help exit-codes lacks %d:\n%s", c, stdout)
		}
	}
}

// TestExitCodesOfTheDocuments keeps the tables in documents what the program says.
func TestExitCodesOfTheDocuments(t *testing.T) {
	const begin, end = "<!-- exit codes: made from the code -->\n", "<!-- end of exit codes -->\n"
	sorted := slices.Clone(exits)
	slices.SortFunc(sorted, func(a, b struct {
		code  int
		about string
	}) int {
		return a.code - b.code
	})
	table := "\n| exit code | meaning |\n| --- | --- |\n"
	for _, e := range sorted {
		table += fmt.Sprintf("| %d | %s |\n", e.code, e.about)
	}
	for _, file := range []string{"../../docs/ci.md", "../../README.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(data), begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s: no place for the exit codes (want %q and %q)", file, begin, end)
		}
		text := before + begin + table + end + after
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		} else if text != string(data) {
			t.Errorf("%s is not what the code says (want go test ./cmd/hlsload -run Documents -update)", file)
		}
	}
}
