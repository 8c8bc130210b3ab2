package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

func awsCheckCommand(on network) *cobra.Command {
	var may consent
	var try, dir string
	var asJSON bool
	cmd := awsCommand("aws-check", "Check what a scenario would change on AWS; with --try apply one of its faults, without players, and watch the stream", func(cmd *cobra.Command, sc *scenarios.Scenario, nameOrFile string) error {
		c := &awsCheck{sc: sc, w: cmd.OutOrStdout(), asJSON: asJSON, network: on, began: time.Now()}
		if err := c.look(cmd.Context()); err != nil || try == "" {
			return errors.Join(err, c.document(cmd, err))
		}
		for _, f := range sc.Faults() {
			if f.Name != try || f.Occurrence > 1 {
				continue
			}
			if f.Via != chaos.ViaAWS {
				return &exitError{exitUsage, fmt.Sprintf("fault %s is not applied via AWS (got via %s; want via aws)", try, f.Via), nil}
			}
			if err := may.check(sc, nameOrFile); err != nil {
				return err
			}
			err := c.try(cmd.Context(), &f, dir)
			return errors.Join(err, c.document(cmd, err))
		}
		return &exitError{exitUsage, fmt.Sprintf("no such fault in the scenario (got --try %s)", try), nil}
	})
	cmd.Long = `aws-check makes the checks on AWS that a run makes before it begins, follows the
channel through the account and prints a section aws: for the scenario, checks
that every fault of the scenario can be applied, and prints what is worth knowing
about the targets. It changes nothing.

With --try NAME it applies that fault for as long as the scenario says, undoes it,
and prints with times what happens to the channel's playlists meanwhile: questions
that only a real account can answer (docs/aws.md). It keeps the same journal as a
run and needs the same consent.`
	may.register(cmd)
	cmd.Flags().StringVar(&try, "try", "", "`NAME` of the fault to apply and undo")
	cmd.Flags().StringVar(&dir, "out", ".", "write the journal to the directory `DIR`")
	jsonFlag(cmd, &asJSON, "what was found")
	return cmd
}

// awsCheck checks an account.
type awsCheck struct {
	sc      *scenarios.Scenario
	w       io.Writer
	asJSON  bool
	network network
	began   time.Time
	mu      sync.Mutex
	lines   []checkLine

	refresh func()
	now     func() time.Time
	drivers []aws.Driver
	lasts   func(ctx context.Context, until time.Time, sticky []string) ([]string, error) // checks how long the credentials last
	still   func(ctx context.Context, run string, alone bool) error                       // checks the guards again
}

// awsChecked is the document of aws-check --json.
type awsChecked struct {
	Schema string      `json:"schema"` // hlsload.aws-check/v1
	Lines  []checkLine `json:"lines"`
	Error  string      `json:"error"` // "" = a run may begin
}

// checkLine is something that a check has found.
type checkLine struct {
	Kind string   `json:"kind"` // warning, guards, found, not found, section, fact, faults or event
	AtS  *float64 `json:"at_s"` // of an event, since the fault began; else null
	Text string   `json:"text"`
}

// checkHeads stand before lines of a kind for people.
var checkHeads = map[string]string{"warning": "warning: ", "guards": "guards: ", "found": "found: ", "not found": "not found: ",
	"section": "section aws, as far as it could be found:\n\n", "faults": "faults: "}

func (c *awsCheck) say(kind, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.sc.Redact(fmt.Sprintf(format, args...))
	c.lines = append(c.lines, checkLine{Kind: kind, Text: text})
	if !c.asJSON {
		fmt.Fprintf(c.w, "%s%s\n", checkHeads[kind], text)
	}
}

// stamp prints an event with its time.
func (c *awsCheck) stamp(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Since(c.began).Seconds()
	text := c.sc.Redact(what)
	c.lines = append(c.lines, checkLine{Kind: "event", AtS: &at, Text: text})
	if !c.asJSON {
		fmt.Fprintf(c.w, "%7.1fs  %s\n", at, text)
	}
}

// document prints the document, if one was asked for.
func (c *awsCheck) document(cmd *cobra.Command, err error) error {
	if !c.asJSON {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return printJSON(cmd, awsChecked{"hlsload.aws-check/v1", append([]checkLine{}, c.lines...), because(err, c.sc.Redact)})
}

func (c *awsCheck) fail(err error) error {
	return &exitError{reports.ExitFault, c.sc.Redact(err.Error()), err}
}

// look checks the account. It changes nothing.
func (c *awsCheck) look(ctx context.Context) error {
	a, err := cloud.Open(ctx, c.sc.AWS, c.network.aws)
	if err != nil {
		return c.fail(err)
	}
	if err := a.Credentials(ctx); err != nil { // every check would say the same
		return c.fail(err)
	}
	c.refresh, c.now, c.drivers, c.lasts, c.still = a.Refresh, a.Now, a.Drivers, a.Last, a.Still
	warnings, refused := a.Guard(ctx)
	for _, w := range warnings {
		c.say("warning", "%s", w)
	}
	if refused == nil {
		c.say("guards", "a run may begin")
	}
	if c.sc.AWS.Discover {
		found := a.Discover(ctx)
		for _, line := range found.Text() {
			c.say("found", "%s", line)
		}
		for _, p := range found.Problems {
			c.say("not found", "%s", p)
		}
		c.say("section", "%s", cloud.Section(&found.AWS))
	}
	facts, err := aws.Facts(ctx, a.Drivers)
	for _, f := range facts {
		c.say("fact", "%s", f)
	}
	rehearsal := aws.New(aws.Config{AWS: c.sc.AWS, Drivers: a.Drivers, Run: run.NewID()})
	cannot := rehearsal.Rehearse(ctx, c.sc.Faults())
	if cannot == nil {
		c.say("faults", "all of them can be applied, as far as reading can show")
	}
	if err := errors.Join(refused, err, cannot); err != nil {
		return c.fail(err)
	}
	return nil
}

// try applies one fault and undoes it.
func (c *awsCheck) try(ctx context.Context, f *chaos.Fault, dir string) error {
	j, err := journal.Create(filepath.Join(dir, reports.JournalFile), c.sc.Redact)
	if err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	defer j.Close()
	j.Reference = c.sc.Reference
	f.At = 0
	if err := c.sc.AWS.Hours.Allows(time.Now(), time.Now().Add(f.For+cloud.Patience)); err != nil {
		return c.fail(err)
	}
	until := c.now().Add(f.For + 2*cloud.Patience) // everything is certainly undone by then
	warnings, err := c.lasts(ctx, until, aws.Sticky(c.drivers, []chaos.Fault{*f}))
	if err != nil {
		return c.fail(err)
	}
	for _, w := range warnings {
		c.say("warning", "%s", w)
	}
	run := run.NewID()
	applier := aws.New(aws.Config{AWS: c.sc.AWS, Drivers: c.drivers, Run: run, Journal: j, Refresh: c.refresh, Now: c.now,
		Before: func(ctx context.Context, alone bool) error { return c.still(ctx, run, alone) }})
	runner, err := conduct.New(conduct.Config{
		Faults: []chaos.Fault{*f},
		Timeline: chaos.Timeline{Duration: f.For + time.Minute, Recovery: time.Minute,
			Patience: map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Patience}},
		Appliers: map[chaos.Via]chaos.Applier{chaos.ViaAWS: applier},
		Limits:   map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Limit},
		Record: func(s conduct.Step) error {
			what := string(s.Type)
			for _, more := range []string{s.Detail, s.Err} {
				if more != "" {
					what += ": " + more
				}
			}
			c.stamp("** " + s.Fault.Name + " " + what)
			return j.Record(s)
		},
	})
	if err != nil {
		return internal(err)
	}
	if err := applier.Lock(ctx, until); err != nil {
		return c.fail(errors.Join(err, cloud.Unlock(ctx, applier)))
	}
	c.began = time.Now()
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	watched := make(chan error, 1)
	go func() { watched <- aws.Watch(watching, c.drivers, c.stamp) }()
	outcomes, _ := runner.Run(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cloud.Limit)
	defer cancel()
	tidied := applier.Tidy(ctx)
	stop()
	if err := errors.Join(<-watched, tidied, applier.Unlock(ctx)); err != nil {
		c.say("warning", "%v", err)
	}
	for _, what := range applier.Review(ctx) {
		c.say("warning", "%s", what)
	}
	for i := range outcomes {
		if why := outcomes[i].Void(); why != "" {
			return c.fail(fmt.Errorf("fault %s: %s; if something is left: hlsload undo %s", f.Name, why, j.Path()))
		}
	}
	return nil
}
