package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hlsload/nights/archive"
	"hlsload/nights/history"
)

// TestHistoryInABranch does what docs/nightly.md says of a history in a branch, as two
// machines in one night.
func TestHistoryInABranch(t *testing.T) {
	slow(t)
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	doc, err := os.ReadFile("../../docs/nightly.md")
	if err != nil {
		t.Fatal(err)
	}
	script := func(mark string) []string {
		t.Helper()
		m := regexp.MustCompile(`<!-- ` + mark + ` -->\n((?:    .*\n)+)`).FindSubmatch(doc)
		if m == nil {
			t.Fatalf("docs/nightly.md has no commands for %q", mark)
		}
		return strings.Split(strings.TrimSuffix(strings.ReplaceAll("\n"+string(m[1]), "\n    ", "\n"), "\n"), "\n")[1:]
	}
	root := t.TempDir()
	for k, v := range map[string]string{"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": os.DevNull, "HOME": root} {
		t.Setenv(k, v)
	}
	// Commands are the shell's, but for those of this program.
	do := func(dir string, seed int, lines ...string) {
		t.Helper()
		t.Chdir(dir)
		for _, line := range lines {
			if args, ours := strings.CutPrefix(line, "hlsload run soak.yaml "); ours { // a simulation takes less long
				did(t, 0, append([]string{"simulate", "soak.yaml", "--quiet", "--seed", fmt.Sprint(seed)}, words(args)...)...)
				continue
			}
			if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", line, err, out)
			}
		}
	}
	one, two := filepath.Join(root, "one"), filepath.Join(root, "two")
	do(root, 0, "git init -q --bare remote.git", "git clone -q remote.git one")
	if err := os.WriteFile(filepath.Join(one, "soak.yaml"), []byte(seedsScenario), 0o644); err != nil {
		t.Fatal(err)
	}
	do(one, 0, "git add soak.yaml", "git commit -qm begin", "git push -q origin HEAD")
	do(one, 0, script("once")...)
	do(root, 0, "git clone -q remote.git two")
	do(two, 0, "git worktree add -q nightly hlsload-history")
	night := script("each night")
	do(one, 1, night[:3]...) // the second machine is faster
	do(two, 2, night...)
	do(two, 3, night...)
	do(one, 1, night[3:]...)
	do(two, 4, night...)
	h, err := archive.Read(filepath.Join(two, "nightly"), history.Reading{})
	if err != nil || len(h.Nights) != 4 || len(h.Problems()) > 0 || h.Doubles > 0 {
		t.Fatalf("%v: %+v", err, h)
	}
	did(t, 0, "history", "nightly")
	do(two, 0, "test -z \"$(git -C nightly status --short)\"") // neither folders of runs nor the page are in the branch
}
