package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/cloud"
)

// undone is the document of undo --json.
type undone struct {
	Schema  string       `json:"schema"` // hlsload.undo/v1
	Journal string       `json:"journal"`
	Faults  []undoneItem `json:"faults"` // that were left behind
	Seen    []string     `json:"seen"`   // of the channel, once they were undone
	Error   string       `json:"error"`  // "" = all of them are undone
}

// undoneItem is a fault that was left behind.
type undoneItem struct {
	Name       string     `json:"name"`
	Occurrence int        `json:"occurrence"`
	Fault      string     `json:"fault"`
	Via        string     `json:"via"`
	Undone     bool       `json:"undone"`
	What       string     `json:"what"`  // was done, or why not
	Calls      []callItem `json:"calls"` // that were undone, the last one first
}

// callItem is a change on AWS, and how it is undone.
type callItem struct {
	Service string `json:"service"`
	Op      string `json:"op"`
	Target  string `json:"target"`
	Undo    string `json:"undo"`
}

func undoCommand(on network) *cobra.Command {
	u := &run.Undoer{AWS: on.aws}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "undo JOURNAL",
		Short: "Undo the faults that an interrupted run left behind",
		Args:  takes("JOURNAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			secrets := secretsOf(cmd.Context())
			secrets.Keep(args[0])
			u.Secrets = secrets
			done, err := u.Undo(cmd.Context(), args[0])
			doc := undoneDocument(args[0], done, secrets.Text)
			if !asJSON {
				doc.printFaults(cmd)
			}
			seen, healErr := u.Heal(cmd.Context())
			for _, what := range seen {
				doc.Seen = append(doc.Seen, secrets.Text(what))
				if !asJSON {
					fmt.Fprintf(cmd.OutOrStdout(), "seen: %s\n", secrets.Text(what))
				}
			}
			if healErr != nil {
				err = errors.Join(err, fmt.Errorf("everything that can be undone was undone, but the channel was not seen healthy again: %w", healErr))
			}
			if errors.Is(err, fs.ErrNotExist) {
				return &exitError{exitUsage, fmt.Sprintf("no such journal (got %q; want the journal.ndjson of a run)", args[0]), err}
			}
			doc.Error = because(err, secrets.Text)
			switch {
			case asJSON:
				if failed := printJSON(cmd, doc); failed != nil && err == nil {
					return failed
				}
			case err == nil && len(done.Items) == 0:
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was left behind")
			}
			if err != nil {
				return &exitError{reports.ExitFault, err.Error(), err}
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&u.Patience, "wait", cloud.Patience, "retry for `D`, and wait as long until AWS shows that a fault is undone")
	jsonFlag(cmd, &asJSON, "what was undone")
	return cmd
}

// undoneDocument says what was done with each fault.
func undoneDocument(file string, done journal.Report, hide func(string) string) *undone {
	doc := &undone{Schema: "hlsload.undo/v1", Journal: file, Faults: []undoneItem{}, Seen: []string{}}
	for _, i := range done.Items {
		item := undoneItem{Name: i.Line.Name, Occurrence: i.Line.Occurrence, Fault: string(i.Line.Fault), Via: string(i.Line.Via), Undone: i.Err == nil, What: hide(i.Action), Calls: []callItem{}}
		if i.Err != nil {
			item.What = hide(fmt.Sprintf("not undone: %v", i.Err))
		}
		for k := len(i.Line.Calls) - 1; k >= 0; k-- {
			if c := &i.Line.Calls[k]; c.Undo != "" {
				item.Calls = append(item.Calls, callItem{c.Service, c.Op, c.Target, c.Undo}) // the journal has no secrets
			}
		}
		doc.Faults = append(doc.Faults, item)
	}
	return doc
}

func (doc *undone) printFaults(cmd *cobra.Command) {
	w := cmd.OutOrStdout()
	for _, f := range doc.Faults {
		fmt.Fprintf(w, "%s, occurrence %d: %s: %s\n", f.Name, f.Occurrence, f.Fault, f.What)
		for _, c := range f.Calls {
			fmt.Fprintf(w, "  %s %s of %s\n    %s\n", c.Service, c.Op, c.Target, c.Undo)
		}
	}
}
