package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs the commands in testdata/*.txt. A line "$ hlsload …" is
// a command, what follows is what it says, with "! " before what goes to stderr,
// and [exit N] ends it. $OUT is a directory for results, of one transcript.
// Quotes keep blanks together.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := transcript(t, string(want))
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
				i := 0
				for i < len(g) && i < len(w) && g[i] == w[i] {
					i++
				}
				t.Errorf("line %d differs; run with -update and look at the difference\ngot  %q\nwant %q", i+1, g[i:min(i+3, len(g))], w[i:min(i+3, len(w))])
			}
		})
	}
}

// transcript runs the commands of one and returns it as it should be.
func transcript(t *testing.T, script string) []byte {
	dir := t.TempDir()
	var b bytes.Buffer
	heading := true
	for line := range strings.Lines(script) {
		command, ok := strings.CutPrefix(line, "$ hlsload")
		switch {
		case ok:
		case heading:
			b.WriteString(line) // comments before the first command
			continue
		default:
			continue
		}
		if !heading {
			b.WriteByte('\n')
		}
		heading = false
		b.WriteString(line)
		args := words(strings.ReplaceAll(command, "$OUT", dir))
		var stdout, stderr bytes.Buffer
		code := execute(context.Background(), args, &stdout, &stderr)
		say := func(prefix, text string) {
			text = strings.ReplaceAll(text, dir, "$OUT")
			for _, own := range machine {
				text = own.ReplaceAllString(text, "${1}…")
			}
			for line := range strings.Lines(text) {
				b.WriteString(strings.TrimRight(prefix+strings.TrimSuffix(line, "\n"), " ") + "\n")
			}
		}
		say("", stdout.String())
		say("! ", stderr.String())
		fmt.Fprintf(&b, "[exit %d]\n", code)
	}
	return b.Bytes()
}

// machine is what depends on the machine.
var machine = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^(Tester: ).*$`),
	regexp.MustCompile(`(?m)^(hlsload) \S+ .*go1.*$`),
}

// words takes a command line apart.
func words(line string) (args []string) {
	var word strings.Builder
	quote, any := ' ', false
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case quote == ' ' && (r == '"' || r == '\''):
			quote, any = r, true
		case quote != ' ' && r == quote:
			quote = ' '
		case r == ' ' && quote == ' ':
			if any {
				args = append(args, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
			any = true
		}
	}
	return slices.Clip(args)
}
