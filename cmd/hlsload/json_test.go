package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/scenarios"
)

// documented runs a command with --json and checks that docs/ci.md names every field of
// what it prints.
func documented(t *testing.T, code int, args ...string) (doc map[string]any) {
	t.Helper()
	got, stdout, stderr := executed(t, append(args, "--json")...)
	if got != code {
		t.Fatalf("%v: exit code %d; want %d: %s", args, got, code, stderr)
	}
	return documentedFields(t, stdout)
}

// documentedFields checks that docs/ci.md names every field of a document.
func documentedFields(t *testing.T, stdout string) (doc map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	text, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fieldsOf(doc) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("%v: docs/ci.md does not name the field %s", doc["schema"], name)
		}
	}
	return doc
}

// fieldsOf are the names of all fields below a value, but those of a profile's
// confidence and of IAM policies, which are not ours.
func fieldsOf(v any) []string {
	names := map[string]bool{}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			for _, name := range fieldsOf(item) {
				names[name] = true
			}
		}
	case map[string]any:
		for name, item := range v {
			names[name] = true
			if name == "confidence" || name == "policy" || name == "role" {
				continue
			}
			for _, below := range fieldsOf(item) {
				names[below] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func TestListsAsJSON(t *testing.T) {
	for name := range lists {
		doc := documented(t, 0, "list", name)
		items, _ := doc["items"].([]any)
		if doc["schema"] != "hlsload.list/v1" || doc["list"] != name || len(items) == 0 {
			t.Errorf("list %s: %v", name, doc)
		}
		if name == "faults" && len(items) != len(chaos.Kinds) {
			t.Errorf("list faults: got %d items; want %d", len(items), len(chaos.Kinds))
		}
	}
}

func TestProblemsAsJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nname: bad\nfoo: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := documented(t, exitInvalid, "validate", "pipeline-kill", file, "--set", "duration=5")
	all := doc["scenarios"].([]any)
	if good := all[0].(map[string]any); good["scenario"] != "pipeline-kill" || good["valid"] != false { // the flag is wrong for it too
		t.Errorf("got %v", good)
	}
	problems := all[1].(map[string]any)["problems"].([]any)
	if len(problems) != 2 {
		t.Fatalf("got %v; want two problems", problems)
	}
	p := problems[0].(map[string]any)
	if p["file"] != file || p["line"] != 3.0 || p["column"] != 1.0 || p["from"] != "" || !strings.HasPrefix(p["message"].(string), "unknown key (got \"foo\"") {
		t.Errorf("got %v", p)
	}
	if p = problems[1].(map[string]any); p["from"] != "--set duration=5" {
		t.Errorf("got %v", p)
	}
	if plan := documented(t, exitInvalid, "plan", file); len(plan["problems"].([]any)) != 1 || plan["timeline"] != nil {
		t.Errorf("got %v", plan)
	}
}

// planAgrees checks that the plan as data has what the plan in words has.
func planAgrees(t *testing.T, name string) {
	t.Helper()
	doc := documented(t, 0, "plan", name)
	_, text, _ := executed(t, "plan", name)
	for _, row := range doc["timeline"].([]any) {
		f := row.(map[string]any)
		for _, part := range []string{"name", "fault", "via", "on", "changes", "undo"} {
			if !strings.Contains(text, f[part].(string)) {
				t.Errorf("%s: the plan does not say %s %q", name, part, f[part])
			}
		}
	}
	if aws, ok := doc["aws"].(map[string]any); ok != strings.Contains(text, "\non AWS\n") || ok && !strings.HasSuffix(text, "--confirm "+aws["confirm"].(string)+"\n") {
		t.Errorf("%s: aws is %v", name, doc["aws"])
	}
}

func TestPlanAsJSON(t *testing.T) {
	for _, name := range scenarios.Names() {
		if !strings.HasPrefix(name, "aws/") { // TestPlanAsJSONOnAWS
			planAgrees(t, name)
		}
	}
	doc := documented(t, 0, "plan", "testdata/scenarios/url.yaml", "--set", "chaos=[{name: f, fault: pipeline.kill, pipeline: 0, at: 8s, for: 5s}]", "--set", "recovery=2s")
	if load := doc["load"].(map[string]any); load["requests"].(float64) <= 0 || load["busiest_rps"].(float64) < load["rps"].(float64) {
		t.Errorf("got %v", load)
	}
	if notes := doc["notes"].([]any); len(notes) != 1 || !strings.HasPrefix(notes[0].(string), "f via viewer: ") {
		t.Errorf("got notes %v", notes)
	}
}
