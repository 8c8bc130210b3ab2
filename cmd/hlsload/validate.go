package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

func validateCommand() *cobra.Command {
	var o overrides
	cmd := &cobra.Command{
		Use:               "validate SCENARIO…",
		Short:             "Check scenarios without starting anything",
		Args:              takes("SCENARIO…"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			var failed error
			for _, arg := range args {
				_, err := load(arg, &o)
				var problems scenarios.Problems
				switch {
				case err == nil:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: valid\n", arg)
				case errors.As(err, &problems):
					for _, p := range problems {
						fmt.Fprintln(cmd.OutOrStdout(), secretsOf(cmd.Context()).Text(p.Error()))
					}
					failed = &exitError{code: exitInvalid}
				default:
					return err
				}
			}
			return failed
		},
	}
	o.register(cmd)
	return cmd
}

func planCommand() *cobra.Command {
	var o overrides
	cmd := &cobra.Command{
		Use:               "plan SCENARIO",
		Short:             "Print the expanded timeline: what would be done, when, by whom, and how it would be undone",
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			if _, err = fmt.Fprint(cmd.OutOrStdout(), sc.Plan()); err != nil {
				return internal(err)
			}
			return internal(printPlan(cmd.OutOrStdout(), sc))
		},
	}
	o.register(cmd)
	return cmd
}
