package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

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
ready to run, and beside it hlsload.schema.json, by which editors complete and check it.
With --event it writes a commented event, my-event.yaml without a name: how many will
watch when, from where and what. It never overwrites a file.`,
		Args: takes("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, kind, template := "my-first.yaml", "scenario", scenarios.Template
			next := []string{"simulate %s   # in virtual time: a second", "run %s        # with real requests on this machine: two minutes"}
			if event {
				file, kind, template = "my-event.yaml", "event", scenarios.EventTemplate
				next = []string{"validate %s", "capacity %s"}
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
				return forbidden(fmt.Errorf("write the %s: %w", kind, err))
			}
			w := printable{cmd.OutOrStdout()}
			fmt.Fprintf(w, "wrote %s\n", file)
			writeSchema(w, kind, filepath.Dir(file))
			fmt.Fprintln(w, "next:")
			for _, line := range next {
				fmt.Fprintf(w, "  hlsload %s\n", strings.Replace(line, "%s", quoted(file), 1))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&event, "event", false, "write an event instead of a scenario (docs/event.md)")
	return cmd
}

// writeSchema writes the schema for editors beside a file. The file is good without it.
func writeSchema(w io.Writer, kind, dir string) {
	name := filepath.Join(dir, scenarios.SchemaFile(kind))
	schema := scenarios.Schemas[kind]()
	err := writeNew(name, schema)
	if errors.Is(err, fs.ErrExist) {
		if there, err := os.ReadFile(name); err != nil || !bytes.Equal(there, schema) {
			fmt.Fprintf(w, "%s is of another version (hlsload schema %s prints this one)\n", name, kind)
		}
		return
	}
	if err != nil {
		fmt.Fprintf(w, "could not write the schema for editors: %v\n", err)
		return
	}
	fmt.Fprintf(w, "wrote %s, by which editors complete it (docs/install.md)\n", name)
}

// quoted is an argument as a shell takes it.
func quoted(arg string) string {
	if strings.ContainsFunc(arg, func(r rune) bool {
		return !strings.ContainsRune("-_./\\:", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return arg
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
