package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommandsOfDeploy checks that the commands in deploy/ have the names and flags that
// there are: those of manifests, of the unit and of the task in the document.
func TestCommandsOfDeploy(t *testing.T) {
	commands := map[string]string{}
	item := regexp.MustCompile(`(?m)^( *)args:\n((?:\s+- .*\n)+)`)
	comment := regexp.MustCompile(`\s+#.*$`)
	variable := regexp.MustCompile(`\$[({]\w+[)}]|%H`)
	err := filepath.WalkDir("../../deploy", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		switch filepath.Ext(name) {
		case ".yaml":
			for _, m := range item.FindAllStringSubmatch(string(data), -1) {
				var args []string
				for line := range strings.Lines(m[2]) {
					args = append(args, strings.TrimPrefix(strings.TrimSpace(comment.ReplaceAllString(strings.TrimSpace(line), "")), "- "))
				}
				commands[name] = strings.Join(args, " ")
			}
		case ".service":
			_, line, _ := strings.Cut(string(data), "\nExecStart=/usr/local/bin/hlsload ")
			line, _, _ = strings.Cut(line, "\n")
			commands[name] = line
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const page = "../../docs/many-machines.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`"command": \[(.*)\]`).FindSubmatch(data); m != nil {
		commands[page] = strings.NewReplacer(`"`, "", ",", "").Replace(string(m[1]))
	}
	for name, command := range commands {
		if err := wellFormed(variable.ReplaceAllString(command, "2")); err != nil {
			t.Errorf("%s: %s: %v", name, command, err)
		}
	}
	if len(commands) < 7 {
		t.Errorf("found %d commands in deploy/ (want more): %v", len(commands), commands)
	}
}
