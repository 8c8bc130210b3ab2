package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/document"
)

// The files of a comparison.
const (
	JSONFile     = "comparison.json"
	MarkdownFile = "comparison.md"
	HTMLFile     = "comparison.html"
	JUnitFile    = "comparison.junit.xml"
)

// files are how each is written.
var files = []struct {
	name  string
	write func(*nights.Comparison, io.Writer) error
}{
	{JSONFile, func(c *nights.Comparison, w io.Writer) error { return reports.WriteObject(w, c) }},
	{HTMLFile, WriteHTML}, {MarkdownFile, WriteMarkdown}, {JUnitFile, WriteJUnit},
}

// Free reports whether a directory has no files in the place of those of a comparison, or
// has them of an earlier one, which [Write] replaces.
func Free(dir string) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil {
			there = append(there, f.name)
		}
	}
	if there == nil || ours(filepath.Join(dir, JSONFile)) {
		return nil
	}
	return fmt.Errorf("%s is there already and not of a comparison", filepath.Join(dir, there[0]))
}

// ours reports whether a file is a comparison.json.
func ours(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	const most = 64 << 20
	var head struct {
		Schema string `json:"schema"`
	}
	if json.NewDecoder(io.LimitReader(f, most)).Decode(&head) != nil {
		return false
	}
	family, _, _ := strings.Cut(nights.ComparisonSchema, "/")
	return strings.HasPrefix(head.Schema, family+"/")
}

// Write writes the files of a comparison into a directory, which is created when it does
// not exist. Each file is complete or not there.
func Write(dir string, c *nights.Comparison) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var problems []error
	for _, f := range files {
		if err := document.WriteFile(filepath.Join(dir, f.name), func(w io.Writer) error { return f.write(c, w) }); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
