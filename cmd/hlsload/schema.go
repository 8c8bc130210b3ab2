package main

import (
	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|event|profile]",
		Short: "Print the JSON Schema of scenario, event or profile files, for editors",
		Long: `schema prints the JSON Schema of scenario files, event files or profile files. Editors
that know YAML use it with a first line such as

    # yaml-language-server: $schema=hlsload.schema.json`,
		Args:      takes("[scenario|event|profile]"),
		ValidArgs: []string{"scenario", "event", "profile"},
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := scenarios.Schema
			switch {
			case len(args) == 0 || args[0] == "scenario":
			case args[0] == "event":
				schema = scenarios.EventSchema
			case args[0] == "profile":
				schema = scenarios.ProfileSchema
			default:
				return misused("no such schema (got %q; want scenario, event or profile)", args[0])
			}
			_, err := cmd.OutOrStdout().Write(schema())
			return internal(err)
		},
	}
}
