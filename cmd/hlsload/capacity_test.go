package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/capacity/answer"
	"hlsload/capacity/page"
)

// TestCapacity answers for a small event, as text and as JSON, and fails where it should.
func TestCapacity(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"small.yaml": "version: 1\nevent: {name: small, duration: 10m}\naudience: {curve: [{at: 0s, viewers: 0}, {at: 1m, viewers: 500}]}\nscenario: pipeline-kill\n",
		"long.yaml":  "version: 1\nevent: {name: long, duration: 100h}\naudience: {curve: [{at: 0s, viewers: 0}, {at: 1m, viewers: 500}]}\nscenario: pipeline-kill\n",
		"wrong.yaml": "version: 1\nevent: {name: wrong, duration: 10m}\naudience: {curve: [{at: 0s, viewers: 0}]}\nscenario: pipeline-kill\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	small, out := filepath.Join(dir, "small.yaml"), filepath.Join(dir, "out")
	code, stdout, stderr := executed(t, "capacity", small, "--out", out)
	if code != 0 || !strings.HasPrefix(stdout, "Nothing breaks: the nearest limit is ") || !strings.Contains(stderr, "simulation 3 of 3: 2000 players\n") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	data, err := os.ReadFile(filepath.Join(out, page.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var a answer.Answer
	if err := json.Unmarshal(data, &a); err != nil || a.Schema != answer.Schema || len(a.Minutes) != 10 || !strings.HasPrefix(strings.ReplaceAll(stdout, "\n", " "), a.First) {
		t.Errorf("%v: %s", err, data)
	}
	for _, name := range []string{page.MarkdownFile, page.HTMLFile} {
		if data, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(strings.ReplaceAll(string(data), "\u00a0", " "), a.Headline) {
			t.Errorf("%s: %v, or no headline in it", name, err)
		}
	}
	if !strings.HasSuffix(stdout, "capacity.json for scripts)\n") {
		t.Errorf("the end does not say where the files are: %s", stdout)
	}
	if code, _, stderr := executed(t, "capacity", small, "--out", out); code != exitUsage || !strings.Contains(stderr, "is there already") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, stdout, _ := executed(t, "capacity", small, "--json", "--fail-under", "99.99%"); code != 99 || json.Unmarshal([]byte(stdout), &a) != nil || len(a.Quotas) != 4 {
		t.Errorf("exit %d, want 99: %s", code, stdout)
	}
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{small, "--out", filepath.Join(small, "out")}, exitUsage, "want --out with a directory that can be made"},
		{[]string{small, "--fail-under", "20"}, exitUsage, "--fail-under 20 (want a share"},
		{[]string{filepath.Join(dir, "long.yaml")}, exitInvalid, "100h0m0s long (want at most 48h0m0s)"},
		{[]string{filepath.Join(dir, "wrong.yaml")}, exitInvalid, "wrong.yaml:3:19: audience.curve: the curve has no viewers"},
		{[]string{filepath.Join(dir, "none.yaml")}, exitUsage, "none.yaml"},
		{[]string{}, exitUsage, "no EVENT given"},
	} {
		if code, _, stderr := executed(t, append([]string{"capacity"}, tc.args...)...); code != tc.code || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: exit %d, want %d: %s", tc.args, code, tc.code, stderr)
		}
	}
}
