package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

func showCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a scenario that ships",
		Args:              takes("NAME"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := scenarios.Show(args[0])
			if err != nil {
				return forbidden(err)
			}
			_, err = cmd.OutOrStdout().Write(data)
			return internal(err)
		},
	}
}

func initCommand() *cobra.Command {
	var event bool
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "Write a commented scenario of your own, ready to run",
		Long: `init writes NAME.yaml, or my-first.yaml: a commented scenario of your own that is
ready to run. With --event it writes a commented event, my-event.yaml without a name:
how many will watch when, from where and what. It never overwrites a file.`,
		Args: takes("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, template, what, next := "my-first.yaml", scenarios.Template, "scenario", "simulate"
			if event {
				file, template, what, next = "my-event.yaml", scenarios.EventTemplate, "event", "capacity"
			}
			if len(args) == 1 {
				file = args[0]
				if ext := filepath.Ext(file); ext != ".yaml" && ext != ".yml" {
					file += ".yaml"
				}
			}
			data, err := template(file)
			if err != nil {
				return forbidden(err)
			}
			if err := writeNew(file, data); errors.Is(err, fs.ErrExist) {
				return forbidden(fmt.Errorf("the file exists (got %s; want another name)", file))
			} else if err != nil {
				return forbidden(fmt.Errorf("write the %s: %w", what, err))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\nnext:\n  hlsload %s %s\n", file, next, file)
			return internal(err)
		},
	}
	cmd.Flags().BoolVar(&event, "event", false, "write an event instead of a scenario (docs/event.md)")
	return cmd
}

// writeNew writes a file that does not exist.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
