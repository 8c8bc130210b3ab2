package scenarios

import (
	"errors"
	"strings"
	"testing"
)

// TestHostileDocuments: a megabyte of anything is refused with problems. How
// long that takes shows in the test's time.
func TestHostileDocuments(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, (MaxBytes-100)/len(s)) }
	for name, text := range map[string]string{
		"list":           "version:\n" + fill("- a\n"),
		"comments":       fill("# a\n"),
		"trailing":       "version: 1\n" + fill("#\n"),
		"keys":           fill("a: 1\n"),
		"one line":       "name: " + fill("a"),
		"one quoted":     "name: \"" + fill("\\u0041") + "\"",
		"open brackets":  fill("["),
		"open braces":    fill("{a: "),
		"anchors":        "a: [" + fill("&a 1, ") + "1]",
		"aliases":        "a: &a 1\nb: [" + fill("*a, ") + "1]",
		"environment":    "version: 1\nname: x\ndescription: " + fill("${A}"),
		"dollars":        "version: 1\nname: x\ntarget: {url: \"" + fill("$${") + "\"}",
		"faults":         "version: 1\nname: x\nchaos:\n" + fill("- {fault: net.down, at: 1s, for: 1s}\n"),
		"cohorts":        "version: 1\nname: x\nfleet:\n  cohorts:\n" + fill("  - {name: a, share: 1%}\n"),
		"rungs":          "version: 1\nname: x\ntarget:\n  rig:\n    ladder:\n" + fill("    - {size: 640x360, rate: 1Mbps}\n"),
		"unknown keys":   fill("a\nb: 1\n"),
		"block scalars":  fill("a: |\n b\n"),
		"question marks": fill("? "),
		"dashes":         fill("- "),
		"tabs":           fill("\t"),
		"directives":     fill("%YAML 1.2\n"),
		"documents":      fill("---\n"),
		"tags":           "a: [" + fill("!a b, ") + "1]",
		"expectations":   "version: 1\nname: x\nexpect:\n" + fill("- startup.p95 <\n"),
		"long names":     "version: 1\nname: x\nfleet: {cohorts: [{name: a, network: " + fill("b") + "}]}",
	} {
		t.Run(name, func(t *testing.T) {
			sc, err := Load(Source{File: "x", Data: []byte(text)})
			if err == nil {
				t.Fatalf("loaded %q", sc.Name)
			}
			var ps Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %T; want Problems", err)
			}
			for _, p := range ps {
				if len(p.Text) > 4000 {
					t.Errorf("a message of %d bytes", len(p.Text))
				}
			}
		})
	}
}
