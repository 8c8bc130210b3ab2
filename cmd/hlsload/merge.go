package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hlsload/run"
	"hlsload/scenarios"
	"hlsload/stage"
)

func mergeCommand() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "merge DIR…",
		Short: "Join what agents kept when their conductor was lost",
		Long: `merge joins what the agents of one run kept in their directories (--out of hlsload
agent), and writes the reports. There is no verdict: without its conductor a run is void.`,
		Args: takes("DIR…"),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if err := scenarios.CheckEnv(os.Environ()); err != nil {
				return forbidden(err)
			}
			secrets := secretsOf(cmd.Context())
			for _, dir := range dirs {
				secrets.Keep(dir)
			}
			s, err := run.Merge(dirs, os.LookupEnv)
			if err != nil {
				if errors.As(err, new(*run.Error)) {
					return err
				}
				return forbidden(err)
			}
			if err := out.place(s.Scenario.Name+"-merged", time.Now()); err != nil {
				return err
			}
			secrets.Keep(s.Scenario.File)
			stage.Hide(s, secrets) // the parts may come from other machines
			return out.conclude(cmd, s, s.ExitCode, nil)
		},
	}
	cmd.Flags().StringVar(&out.dir, "out", "", "write the results to the directory `DIR` (default hlsload-out/<name>-merged-<time>)")
	out.detail.register(cmd)
	return cmd
}
