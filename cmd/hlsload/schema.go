package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|event|machine|profile]",
		Short: "Print the JSON Schema of scenario, event, machine or profile files, for editors",
		Long: `schema prints the JSON Schema of scenario files, event files, machine files or profile
files. Editors that know YAML use it with a first line such as

    # yaml-language-server: $schema=hlsload.schema.json

which files of hlsload init and hlsload show have; init writes the schema as well.`,
		Args:      takes("[scenario|event|machine|profile]"),
		ValidArgs: slices.Sorted(maps.Keys(scenarios.Schemas)),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := "scenario"
			if len(args) == 1 {
				kind = args[0]
			}
			schema := scenarios.Schemas[kind]
			if schema == nil {
				return misused("no such schema (got %q; want scenario, event, machine or profile)", kind)
			}
			_, err := cmd.OutOrStdout().Write(schema())
			return internal(err)
		},
	}
}
