package main

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

const failureSchema = "hlsload.failure/v1"

// failure is the document of a command with --json that ended before it had one of its own.
type failure struct {
	Schema   string `json:"schema"` // failureSchema
	ExitCode int    `json:"exit_code"`
	Error    string `json:"error"`
}

// asksJSON reports whether a command line asks for JSON, also one that cannot be parsed.
func asksJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// noticed notices whether anything was written.
type noticed struct {
	io.Writer
	any bool
}

func (n *noticed) Write(b []byte) (int, error) {
	n.any = n.any || len(b) > 0
	return n.Writer.Write(b)
}

// printJSON prints a document for scripts.
func printJSON(cmd *cobra.Command, v any) error { return internal(writeJSON(cmd.OutOrStdout(), v)) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(printable{w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// jsonFlag registers --json of a command whose document docs/ci.md describes.
func jsonFlag(cmd *cobra.Command, asJSON *bool, what string) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print "+what+" as JSON (docs/ci.md)")
}

// because is the text of an error for a document; "" = there is none.
func because(err error, hide func(string) string) string {
	if err == nil {
		return ""
	}
	return hide(err.Error())
}
