//go:build manual

package main

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Only the build with this tag writes man pages: what turns Markdown into them is not for users.
func init() { more = append(more, manualCommand) }

func manualCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write a man page for each command",
		Hidden: true,
		Args:   takes("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			// As reproducible builds have it: https://reproducible-builds.org/specs/source-date-epoch/
			seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
			if err != nil {
				return misused("SOURCE_DATE_EPOCH: %v (want the seconds since 1970 of the commit)", err)
			}
			date := time.Unix(seconds, 0).UTC()
			for _, cmd := range root.Commands() {
				if table := cmd.Annotations["exits"]; table != "" {
					table = strings.ReplaceAll("\n"+strings.TrimRight(table, "\n"), "\n", "\n    ") // as it is
					cmd.Long = cmp.Or(cmd.Long, cmd.Short+".") + "\n\nExit codes:\n" + table + "\n"
				}
			}
			root.DisableAutoGenTag = true
			return internal(doc.GenManTree(root, &doc.GenManHeader{Section: "1", Date: &date, Source: "hlsload", Manual: "hlsload"}, args[0]))
		},
	}
}
