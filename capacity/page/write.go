package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
)

// The files of an answer.
const (
	JSONFile     = "capacity.json"
	MarkdownFile = "capacity.md"
	HTMLFile     = "report.html"
)

var files = []struct {
	name  string
	write func(io.Writer, *answer.Answer) error
}{{JSONFile, WriteJSON}, {MarkdownFile, WriteMarkdown}, {HTMLFile, WriteHTML}}

// Holds is a file of an answer that a directory has; "" = none.
func Holds(dir string) string {
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil {
			return f.name
		}
	}
	return ""
}

// Write writes the files of an answer into dir, which must exist. Each is complete or not
// there.
func Write(dir string, a *answer.Answer) error {
	var problems []error
	for _, f := range files {
		if err := document.WriteFile(filepath.Join(dir, f.name), func(w io.Writer) error { return f.write(w, a) }); err != nil { // another, smaller one may fit
			problems = append(problems, fmt.Errorf("write %s: %w", f.name, err))
		}
	}
	return errors.Join(problems...)
}

// WriteJSON writes capacity.json.
func WriteJSON(w io.Writer, a *answer.Answer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(a)
}
