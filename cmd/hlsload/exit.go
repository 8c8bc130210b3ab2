package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/scenarios"
)

// Exit codes in addition to those of the verdict.
const (
	exitInternal = 1
	exitUsage    = 2
	exitInvalid  = 104
)

// exits are all ways in which the program ends. Of several reasons, the one that stands
// first is taken.
var exits = []struct {
	code  int
	about string
}{
	{exitUsage, "an argument, a file, consent or a token is missing or wrong; nothing was started"},
	{exitInvalid, "the scenario is invalid, or cannot be run by this build or these machines; nothing was started"},
	{reports.ExitFault, "void: a fault had no effect, was not undone, or was refused on AWS"},
	{reports.ExitUnreachable, "void: the target could not be reached, or no session ever played; probe: a playlist cannot be played"},
	{reports.ExitLost, "void: agents were lost, before the run began or with more players than limits.lost allows; agent: its conductor was lost"},
	{reports.ExitTester, "void: this machine was too slow (limits.lag), or a session had no token"},
	{reports.ExitInterrupted, "interrupted by the user, a stop condition or a ceiling; the faults are undone, the reports written"},
	{exitRefused, "void: capacity: the model's own error is above 20 %; no quotas and costs are given"},
	{reports.ExitNothing, "compare: nothing to compare: the runs have different keys, there is no base, or the new one is void"},
	{reports.ExitFail, "FAIL: an expectation does not hold; capacity: a head-room is below --fail-under; compare: something got worse"},
	{exitInternal, "any other failure, such as a result that cannot be written; halt: no conductor answered"},
	{reports.ExitPass, "PASS: all expectations hold; for other commands: done"},
}

// uses are an example and the exit codes of each command, for its help.
var uses = map[string]struct {
	example string
	codes   []int
}{
	"run": {"run pipeline-kill\nrun my-channel.yaml --url https://example.com/live/index.m3u8 --players 5\nrun pipeline-kill --processes 2",
		[]int{0, 1, 2, 99, 104, 105, 110, 111, 112, 113}},
	"simulate": {"simulate pipeline-kill --set target.rig.origin.stale=none\nsimulate pipeline-kill --seeds 1..5", []int{0, 1, 2, 99, 104, 105, 110, 112}},
	"validate": {"validate mine.yaml", []int{0, 1, 2, 104}},
	"plan":     {"plan mine.yaml", []int{0, 1, 2, 104, 112}},
	"capacity": {"capacity final.yaml\ncapacity final.yaml --aws\ncapacity final.yaml --fail-under 20% --out final-capacity\ncapacity final.yaml --rehearse 2% > rehearsal.yaml", []int{0, 1, 2, 99, 104, 105, 115}},
	"show":     {"show pipeline-kill > mine.yaml", []int{0, 1, 2}},
	"init":     {"init my-channel\ninit --event final", []int{0, 1, 2}},
	"schema":   {"schema > hlsload.schema.json\nschema profile > hlsload-profile.schema.json", []int{0, 1, 2}},
	"rig":      {"rig pipeline-kill --listen 127.0.0.1:8080", []int{0, 1, 2, 104}},
	"probe":    {"probe https://example.com/live/index.m3u8", []int{0, 1, 2, 112}},
	"agent": {"agent --join-file agent.join\nagent --nats nats://nats.example:4222 --run 1a2b3c4d",
		[]int{0, 1, 2, 104, 105, 111, 112, 113}},
	"halt": {"halt --join-file halt.join --reason \"complaints of viewers\"", []int{0, 1, 2}},
	"compare": {"compare nightly hlsload-out/soak-20261129-020000\ncompare hlsload-out/before hlsload-out/after --across target\ncompare base-*/ hlsload-out/soak-20261129-020000 --first-ok",
		[]int{0, 1, 2, 99, 114}},
	"history":   {"history nightly\nhistory nightly --keep 30d\nhistory nightly --add hlsload-out/soak-20261129-020000", []int{0, 1, 2}},
	"merge":     {"merge hlsload-out/agent-*", []int{0, 1, 2, 113}},
	"keys":      {"keys tonight --reach conductor.example:4222 --out keys", []int{0, 1, 2}},
	"undo":      {"undo hlsload-out/mine-20261129-175318/journal.ndjson", []int{0, 1, 2, 110}},
	"sweep":     {"sweep mine.yaml", []int{0, 1, 2, 104, 110}},
	"aws-check": {"aws-check mine.yaml", []int{0, 1, 2, 104, 110}},
	"list":      {"list faults", []int{0, 1, 2}},
	"report":    {"report hlsload-out/mine-20261129-175318", []int{0, 1, 2}},
	"annotate":  {"annotate hlsload-out/mine-20261129-175318", []int{0, 1, 2}},
	"version":   {"version", []int{0, 1}},
}

// explain gives the commands their examples and exit codes, and adds the topics of help.
func explain(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		use := uses[cmd.Name()]
		cmd.Example = "  hlsload " + strings.ReplaceAll(use.example, "\n", "\n  hlsload ")
		cmd.Annotations = map[string]string{"exits": exitTable(use.codes)}
	}
	root.SetUsageTemplate(root.UsageTemplate() + "{{with .Annotations.exits}}\nExit codes:\n{{.}}{{end}}")
	var variables strings.Builder
	for _, v := range scenarios.Variables {
		fmt.Fprintf(&variables, "  %-18s as --%s: %s\n", v.Name, v.Flag, v.Doc)
	}
	root.AddCommand(
		&cobra.Command{Use: "exit-codes", Short: "How a command ends, for scripts",
			Long: "Of several reasons, the one that stands first is taken. `go run` turns every failing code into 1.\n\n" + exitTable(nil)},
		&cobra.Command{Use: "environment", Short: "Environment variables",
			Long: "A variable has the effect of its flag, which wins. An empty one counts as not set; an unknown one that begins\nwith HLSLOAD_ is an error.\n\n" + variables.String()})
}

// exitTable lists exit codes; nil = all.
func exitTable(codes []int) string {
	var b strings.Builder
	for _, e := range exits {
		for _, c := range codes {
			if c == e.code {
				fmt.Fprintf(&b, "  %-4d %s\n", e.code, e.about)
			}
		}
		if codes == nil {
			fmt.Fprintf(&b, "  %-4d %s\n", e.code, e.about)
		}
	}
	return b.String()
}
