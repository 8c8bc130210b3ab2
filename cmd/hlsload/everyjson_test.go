package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/player/profile"
	"hlsload/run/cloud"
)

// withoutJSON are the commands without --json, and why.
var withoutJSON = map[string]string{
	"agent":    "prints nothing on stdout; summary.json is written by its conductor",
	"annotate": "prints commands for workflows of GitHub",
	"halt":     "prints a sentence; its exit code says the same",
	"init":     "writes a file",
	"rig":      "its first line is JSON as it is",
	"schema":   "prints JSON as it is",
	"show":     "prints a scenario, which is YAML",
}

// TestEveryTableAsJSON: a script never has to read a table.
func TestEveryTableAsJSON(t *testing.T) {
	var names []string
	for _, cmd := range commands(t) {
		names = append(names, cmd.Name())
		has := cmd.Flags().Lookup("json") != nil
		if why := withoutJSON[cmd.Name()]; has == (why != "") {
			t.Errorf("%s: has --json: %v; without it because %q (want one of the two)", cmd.Name(), has, why)
		}
	}
	for name := range withoutJSON {
		if !slices.Contains(names, name) {
			t.Errorf("%s is in withoutJSON, but is no command", name)
		}
	}
}

// TestFailuresAsJSON: with --json stdout is one document, also when a command does not get
// as far as its own.
func TestFailuresAsJSON(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("version: 1\nname: bad\nfoo: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args   []string
		code   int
		schema string
	}{
		{[]string{"validate", "nowhere.yaml"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"validate", bad}, exitInvalid, "hlsload.validation/v1"},
		{[]string{"plan", "nowhere.yaml"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"list", "nothing"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"list"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"run", bad}, exitInvalid, "hlsload.failure/v1"},
		{[]string{"simulate", bad, "--progress", "none"}, exitInvalid, "hlsload.failure/v1"},
		{[]string{"simulate", "pipeline-kill", "--sed", "7"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"run", "pipeline-kill", "--players", "few"}, exitInvalid, "hlsload.failure/v1"},
		{[]string{"capacity", bad}, exitInvalid, "hlsload.failure/v1"},
		{[]string{"probe", "not a url"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"report", filepath.Join(dir, "nowhere")}, exitUsage, "hlsload.failure/v1"},
		{[]string{"merge", filepath.Join(dir, "nowhere")}, exitUsage, "hlsload.failure/v1"},
		{[]string{"undo", filepath.Join(dir, "nowhere")}, exitUsage, "hlsload.failure/v1"},
		{[]string{"keys", "tonight"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"version", "now"}, exitUsage, "hlsload.failure/v1"},
		{[]string{"sweep", "pipeline-kill"}, map[bool]int{true: exitUsage, false: exitInvalid}[cloud.Full], "hlsload.failure/v1"},
		{[]string{"aws-check", "pipeline-kill"}, map[bool]int{true: exitUsage, false: exitInvalid}[cloud.Full], "hlsload.failure/v1"},
		{[]string{"no-such-command"}, exitUsage, "hlsload.failure/v1"},
	} {
		code, stdout, stderr := executed(t, append(tc.args, "--json")...)
		var doc failure
		d := json.NewDecoder(strings.NewReader(stdout))
		if err := d.Decode(&doc); err != nil || d.More() {
			t.Errorf("%v: %v, more: %v:\n%s", tc.args, err, d.More(), stdout)
			continue
		}
		if code != tc.code || doc.Schema != tc.schema {
			t.Errorf("%v: exit code %d, %s; want %d, %s: %s", tc.args, code, doc.Schema, tc.code, tc.schema, stderr)
		}
		if tc.schema == "hlsload.failure/v1" && (doc.ExitCode != code || doc.Error == "" || !strings.Contains(stderr, strings.SplitN(doc.Error, "\n", 2)[0])) {
			t.Errorf("%v: %+v; stderr says %s", tc.args, doc, stderr)
		}
	}
	if code, stdout, _ := executed(t, "list", "nothing"); code != exitUsage || stdout != "" {
		t.Errorf("without --json: exit code %d, stdout %q", code, stdout)
	}
}

func TestVersionAsJSON(t *testing.T) {
	doc := documented(t, 0, "version")
	profiles := doc["profiles"].([]any)
	if doc["schema"] != "hlsload.version/v1" || doc["protocol"] != "hl/1" || len(profiles) != len(profile.Names()) {
		t.Errorf("%v", doc)
	}
	hashes := map[any]bool{}
	for _, p := range profiles {
		hashes[p.(map[string]any)["hash"]] = true
	}
	if len(hashes) != len(profiles) {
		t.Errorf("profiles have the same hash: %v", profiles)
	}
	// The hash is the one that the key of a run has.
	sc := parse(t, "target: {rig: {}}\nfleet: {players: 1, cohorts: [{name: web, profile: hlsjs-1.7}]}\n")
	if want := sc.ProfileHashes()["hlsjs-1.7"]; want == "" || !hashes[want] {
		t.Errorf("no profile has the hash %s of a scenario", want)
	}
}

func TestKeysAsJSON(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	doc := documented(t, 0, "keys", "tonight", "--reach", "127.0.0.1:4222", "--out", dir)
	if doc["schema"] != "hlsload.keys/v1" || doc["run"] != "tonight" || len(doc["files"].([]any)) != 3 {
		t.Errorf("%v", doc)
	}
	for _, f := range doc["files"].([]any) {
		secret, err := os.ReadFile(f.(map[string]any)["file"].(string))
		if err != nil || len(secret) == 0 {
			t.Errorf("%v: %v", f, err)
		}
	}
}

// TestUndoAsJSON: a fault that is put back, one that is not, and a journal that is done.
func TestUndoAsJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := journal.Create(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, stop := range []string{"true", "false"} {
		f := &chaos.Fault{Name: "f" + stop, Occurrence: 1, Kind: chaos.Command, Via: chaos.ViaCommand, Pipeline: chaos.Any, StopCommand: []string{stop}}
		if err := j.Record(conduct.Step{Type: conduct.StepApply, ID: i, Fault: f}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	doc := documented(t, 110, "undo", file, "--wait", "1ms")
	faults := doc["faults"].([]any)
	if doc["schema"] != "hlsload.undo/v1" || len(faults) != 2 || doc["error"] == "" {
		t.Fatalf("%v", doc)
	}
	for i, undone := range []bool{false, true} { // the last one first
		if f := faults[i].(map[string]any); f["undone"] != undone || f["via"] != "command" {
			t.Errorf("%v; want undone: %v", f, undone)
		}
	}
	if doc := documented(t, 110, "undo", file, "--wait", "1ms"); len(doc["faults"].([]any)) != 1 {
		t.Errorf("undone twice: %v", doc)
	}
}
