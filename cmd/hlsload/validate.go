package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hlsload/chaos/aws"
	"hlsload/player/units"
	"hlsload/reports/figure"
	"hlsload/run"
	"hlsload/scenarios"
)

// validation is the document of validate --json.
type validation struct {
	Schema    string    `json:"schema"` // hlsload.validation/v1
	Scenarios []checked `json:"scenarios"`
}

type checked struct {
	Scenario string        `json:"scenario"`
	Valid    bool          `json:"valid"`
	Problems []problemItem `json:"problems"`
	Note     string        `json:"note"`    // what needs the full build; "" = nothing
	Series   int           `json:"series"`  // of metrics that a run has at most; 0 = the scenario is invalid, or an event
	Warning  string        `json:"warning"` // what is done about too many; "" = there are not too many
}

// problemItem is a problem of a scenario. Line and column count from 1; 0 = unknown.
type problemItem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	From    string `json:"from"` // the flag or variable that holds the value; "" = the file
	Message string `json:"message"`
}

// problemItems are the problems for scripts.
func problemItems(cmd *cobra.Command, problems scenarios.Problems) []problemItem {
	items := []problemItem{}
	hide := secretsOf(cmd.Context()).Text
	for _, p := range problems {
		items = append(items, problemItem{p.File, p.Line, p.Column, hide(p.From), hide(p.Text)})
	}
	return items
}

func validateCommand() *cobra.Command {
	var o overrides
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "validate SCENARIO…",
		Short:             "Check scenarios and events without starting anything",
		Args:              takes("SCENARIO…"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			doc := validation{Schema: "hlsload.validation/v1"}
			var failed error
			for _, arg := range args {
				src, err := open(arg, &o)
				if err != nil {
					return err
				}
				item := checked{Scenario: arg}
				about, err := item.check(src, &o)
				var problems scenarios.Problems
				if err != nil && !errors.As(err, &problems) {
					return err
				}
				if err != nil {
					failed = &exitError{code: exitInvalid}
				}
				item.Valid, item.Problems = err == nil, problemItems(cmd, problems)
				doc.Scenarios = append(doc.Scenarios, item)
				switch {
				case asJSON:
				case err == nil:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: valid\n  %s\n", arg, about)
					if item.Warning != "" {
						fmt.Fprintf(printable{cmd.ErrOrStderr()}, "warning: %s\n", item.Warning)
					}
					if item.Note != "" {
						fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", item.Note)
					}
				default:
					for _, p := range problems {
						fmt.Fprintln(cmd.OutOrStdout(), secretsOf(cmd.Context()).Text(p.Error()))
					}
				}
			}
			if asJSON {
				if err := printJSON(cmd, doc); err != nil {
					return err
				}
			}
			return failed
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the problems as JSON (docs/ci.md)")
	return cmd
}

// check loads a scenario or an event, and says in a few words what it is about.
func (c *checked) check(src scenarios.Source, o *overrides) (about string, err error) {
	if scenarios.IsEvent(src.Data) {
		e, err := loadEvent(src, o)
		if err != nil {
			return "", err
		}
		peak := e.Peak()
		return fmt.Sprintf("event: at most %s viewers, at %s", figure.Thousands(int64(peak.Viewers)), units.FormatDuration(peak.At)), nil
	}
	sc, err := loadSource(src, o)
	if err != nil {
		return "", err
	}
	x := metricsOf(sc)
	c.Series, c.Warning = x.Series(), x.Warning()
	if needs := runsHere(sc); needs != nil {
		c.Note = needs.Error()
	}
	return fmt.Sprintf("metrics: at most %s series", figure.Thousands(int64(c.Series))), nil
}

// planned is the document of plan --json.
type planned struct {
	Schema             string        `json:"schema"` // hlsload.plan/v1
	*scenarios.Outline               // left out of an invalid scenario
	Load               *plannedLoad  `json:"load"`  // null on the embedded channel
	Notes              []string      `json:"notes"` // what a run on this URL cannot show
	AWS                *plannedAWS   `json:"aws"`   // null = nothing is changed on AWS
	Problems           []problemItem `json:"problems"`
}

// plannedLoad is the load that a run on a URL will put on its target.
type plannedLoad struct {
	Requests   int64    `json:"requests"`
	RPS        float64  `json:"rps"`         // mean
	BusiestRPS float64  `json:"busiest_rps"` // over 5 s, as is the bit rate
	Bytes      int64    `json:"bytes"`
	BusiestBPS float64  `json:"busiest_bps"`
	Text       []string `json:"text"`
}

// plannedAWS is what faults via aws would do.
type plannedAWS struct {
	Text    string          `json:"text"`
	Policy  json.RawMessage `json:"policy"`
	Role    json.RawMessage `json:"role"` // of the watchdogs; null = there are none
	Remarks []string        `json:"remarks"`
	Confirm string          `json:"confirm"` // for --confirm
}

func planCommand(on network) *cobra.Command {
	var o overrides
	var look, asJSON bool
	cmd := &cobra.Command{
		Use: "plan SCENARIO", Short: "Print the expanded timeline: what would be done, when, via what, and how it would be undone",
		Args: takes("SCENARIO"), ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			var problems scenarios.Problems
			if asJSON && errors.As(err, &problems) {
				doc := planned{Schema: planSchema, Notes: []string{}, Problems: problemItems(cmd, problems)}
				return errors.Join(&exitError{code: exitInvalid}, printJSON(cmd, doc))
			}
			if err != nil {
				return err
			}
			onAWS, err := awsPlan(sc)
			if err != nil {
				return err
			}
			if asJSON {
				return planJSON(cmd, sc, onAWS, on, look)
			}
			return planText(cmd, sc, onAWS, on, look)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&look, "look", false, "read the stream's playlists as one player would, for the expected load, and for what the run cannot show")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON (docs/ci.md)")
	return cmd
}

const planSchema = "hlsload.plan/v1"

// foresee looks ahead at a run on a URL; nil = the scenario watches the embedded channel.
func foresee(cmd *cobra.Command, sc *scenarios.Scenario, on network, look bool) (*run.Foresight, error) {
	if sc.Target.Rig != nil {
		return nil, nil
	}
	return run.Foresee(cmd.Context(), &run.Config{Scenario: sc, Version: ownVersion(), Network: run.Network{Target: on.web}}, look)
}

func planText(cmd *cobra.Command, sc *scenarios.Scenario, onAWS *aws.Plan, on network, look bool) error {
	w := cmd.OutOrStdout()
	if _, err := fmt.Fprint(w, sc.Plan()); err != nil {
		return internal(err)
	}
	f, err := foresee(cmd, sc, on, look)
	if err != nil {
		return err
	}
	if f != nil {
		for i, line := range f.Load {
			indent := "          "
			if i == 0 {
				indent = "\n"
			}
			fmt.Fprintf(w, "%s%s\n", indent, line)
		}
		for i, note := range f.Notes {
			if i == 0 {
				fmt.Fprint(w, "\nnote\n")
			}
			fmt.Fprintf(w, "          %s\n", note)
		}
	}
	return internal(printPlan(w, sc, onAWS)) // last, because it ends with the hash
}

func planJSON(cmd *cobra.Command, sc *scenarios.Scenario, p *aws.Plan, on network, look bool) error {
	doc := planned{Schema: planSchema, Outline: sc.Outline(), Notes: []string{}, Problems: []problemItem{}}
	f, err := foresee(cmd, sc, on, look)
	if err != nil {
		return err
	}
	if f != nil {
		doc.Load = &plannedLoad{f.Requests, f.RequestsPerSecond, f.BusiestRequests, f.Bytes, f.BusiestBits, f.Load}
		doc.Notes = append(doc.Notes, f.Notes...)
	}
	if p != nil {
		doc.AWS = &plannedAWS{Text: sc.Reference(p.Text), Policy: json.RawMessage(sc.Reference(p.Policy)), Remarks: append([]string{}, p.Remarks...), Confirm: p.Hash}
		if p.Role != "" {
			doc.AWS.Role = json.RawMessage(sc.Reference(p.Role))
		}
	}
	return printJSON(cmd, doc)
}
