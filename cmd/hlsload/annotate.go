package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hlsload/nights"
	"hlsload/nights/workflow"
	"hlsload/reports"
	"hlsload/reports/spread"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// Files and folders that GitHub names to the steps of a job.
const (
	stepSummaryVariable = "GITHUB_STEP_SUMMARY"
	outputVariable      = "GITHUB_OUTPUT"
	workspaceVariable   = "GITHUB_WORKSPACE"
)

// maxComparison is how large comparison.json may be.
const maxComparison = 16 << 20

// Files of a comparison.
const (
	comparisonFile     = "comparison.json"
	comparisonMarkdown = "comparison.md"
)

func annotateCommand() *cobra.Command {
	var comparison string
	cmd := &cobra.Command{
		Use:   "annotate DIR",
		Short: "Show a finished run in a workflow of GitHub: annotations, the summary of the step, outputs",
		Long: `annotate prints a finished run as annotations of a GitHub workflow: each expectation
that does not hold at its line of the scenario, why a run is void, and its warnings.
Where GitHub names the files (` + stepSummaryVariable + `, ` + outputVariable + `), it adds summary.md to
the summary of the step, at most 200 KiB of it, and the outputs verdict, exit-code,
reason, repeated, dir, summary and report. With a comparison in DIR, or in the folder
of --comparison, it shows that as well. It ends with 0 whatever the verdict is.`,
		Args: takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a := annotations{dir: args[0]}
			if err := a.read(cmd, comparison); err != nil {
				return forbidden(err)
			}
			return internal(a.write(cmd.OutOrStdout()))
		},
	}
	cmd.Flags().StringVar(&comparison, "comparison", "", "`FOLDER` of a comparison with other runs (default DIR, where there is one)")
	return cmd
}

// annotations are what a workflow shows of a run.
type annotations struct {
	dir        string
	summary    *reports.Summary
	seeds      *spread.Summary    // instead, of several; nil = there is one
	lines      map[string]int     // where the expectations of seeds stand
	comparison *nights.Comparison // nil = none
	texts      [][]byte           // for the summary of the step
}

func (a *annotations) read(cmd *cobra.Command, folder string) error {
	secrets := secretsOf(cmd.Context())
	secrets.Keep(a.dir)
	if dirs, err := seedsIn(a.dir); err == nil && len(dirs) > 0 {
		return a.readSeeds(secrets, dirs)
	}
	s, err := reports.Read(a.dir)
	if err != nil {
		return fmt.Errorf("reading the results (got %q; want the directory of a finished run): %w", a.dir, err)
	}
	secrets.Keep(s.Scenario.File)
	stage.Hide(s, secrets) // the summary may come from another version of hlsload
	a.summary = s
	a.text(filepath.Join(a.dir, reports.MarkdownFile))
	given := folder != ""
	if !given {
		folder = a.dir
	}
	a.comparison, err = readComparison(filepath.Join(folder, comparisonFile))
	if os.IsNotExist(err) && !given {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the comparison: %w", err)
	}
	redact.Strings(a.comparison, secrets.Text)
	a.text(filepath.Join(folder, comparisonMarkdown))
	return nil
}

// readSeeds reads the results of a simulation with several seeds.
func (a *annotations) readSeeds(secrets *redact.Secrets, dirs []string) error {
	data, err := os.ReadFile(filepath.Join(a.dir, reports.SummaryFile))
	if err == nil {
		a.seeds = new(spread.Summary)
		err = json.Unmarshal(data, a.seeds)
	}
	if err != nil {
		return fmt.Errorf("reading the results in %s: %w", a.dir, err)
	}
	secrets.Keep(a.seeds.Scenario.File)
	redact.Strings(a.seeds, secrets.Text)
	a.lines = map[string]int{}
	for _, dir := range dirs {
		one, err := reports.Read(filepath.Join(a.dir, dir))
		if err != nil {
			continue // without it, annotations stand at the file
		}
		for i := range one.Expectations {
			a.lines[secrets.Text(one.Expectations[i].Expr)] = one.Expectations[i].Line
		}
		break
	}
	text, err := workflow.MarkdownOfSeeds(a.seeds)
	a.texts = append(a.texts, text)
	return err
}

// text adds a file to the summary of the step; one that is missing is missed by few.
func (a *annotations) text(name string) {
	file, err := os.Open(name)
	if err != nil {
		return
	}
	defer file.Close()
	if text, err := io.ReadAll(io.LimitReader(file, 2*workflow.MaxSummary)); err == nil {
		a.texts = append(a.texts, text)
	}
}

func readComparison(name string) (*nights.Comparison, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxComparison+1))
	if err == nil && len(data) > maxComparison {
		err = fmt.Errorf("too large (want at most %d bytes)", maxComparison)
	}
	var c nights.Comparison
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err == nil && c.Schema != nights.ComparisonSchema {
		err = fmt.Errorf("not a comparison (got schema %.80q; want %s)", c.Schema, nights.ComparisonSchema)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &c, nil
}

// write prints the annotations and adds to the files that GitHub names.
func (a *annotations) write(w io.Writer) error {
	place := func(name string) string {
		at := filepath.Join(a.dir, name)
		if _, err := os.Stat(at); err != nil {
			return ""
		}
		return at
	}
	var file string
	var all []workflow.Annotation
	var outputs []workflow.Output
	if a.seeds != nil {
		file = inWorkspace(a.seeds.Scenario.File)
		all, outputs = workflow.OfSeeds(a.seeds, file, a.lines), workflow.OutputsOfSeeds(a.seeds, place)
	} else {
		file = inWorkspace(a.summary.Scenario.File)
		all, outputs = workflow.Of(a.summary, file), workflow.Outputs(a.summary, place)
	}
	if a.comparison != nil {
		all = append(all, workflow.OfComparison(a.comparison, file)...)
		outputs = append(outputs, workflow.OutputsOfComparison(a.comparison)...)
	}
	var problems []error
	for i := range all {
		_, err := fmt.Fprintln(w, all[i].Command())
		problems = append(problems, err)
	}
	problems = append(problems,
		addTo(os.Getenv(stepSummaryVariable), workflow.Summary(a.texts, reports.HTMLFile)),
		addTo(os.Getenv(outputVariable), []byte(workflow.Join(outputs))))
	return errors.Join(problems...)
}

// addTo appends to a file; "" = there is none.
func addTo(name string, data []byte) error {
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// inWorkspace is the path of a scenario's file in the repository of the workflow, as
// annotations have it; "" = it is none of its files.
func inWorkspace(name string) string {
	if name == "" || name == "-" {
		return ""
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	root := os.Getenv(workspaceVariable)
	at, err := filepath.Abs(name)
	if root == "" || err != nil {
		return filepath.ToSlash(name)
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	if real, err := filepath.EvalSymlinks(at); err == nil {
		at = real
	}
	in, err := filepath.Rel(root, at)
	if err != nil || !filepath.IsLocal(in) {
		return ""
	}
	return filepath.ToSlash(in)
}
