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
	var o overrides
	var may consent
	var try, dir string
	cmd := &cobra.Command{
		Use:   "aws-check SCENARIO",
		Short: "Look at what a scenario would touch on AWS; with --try make one of its faults, without players, and watch",
		Long: `aws-check asks AWS what the guards of a run ask, follows the channel through the
account and prints the section aws: of the scenario as it could be, reads what
every fault of the scenario would read, and prints what is worth knowing of the
targets. It changes nothing.

With --try NAME it makes that fault of the scenario for as long as the scenario
says, undoes it, and tells with times what becomes of the channel's playlists
meanwhile: what only a real account can settle (docs/aws.md). It keeps the same
journal as a run and wants the same consent.`,
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			if sc.AWS == nil {
				return &exitError{exitUsage, fmt.Sprintf("%s has no section aws (want aws: {account: …, region: …} and what to look at)", args[0]), nil}
			}
			c := &awsCheck{sc: sc, w: cmd.OutOrStdout(), network: on, began: time.Now()}
			if err := c.look(cmd.Context()); err != nil || try == "" {
				return err
			}
			for _, f := range sc.Faults() {
				if f.Name != try || f.Occurrence > 1 {
					continue
				}
				if f.Via != chaos.ViaAWS {
					return &exitError{exitUsage, fmt.Sprintf("fault %s is not made on AWS (got via %s; want via aws)", try, f.Via), nil}
				}
				if err := may.check(sc, args[0]); err != nil {
					return err
				}
				return c.try(cmd.Context(), &f, dir)
			}
			return &exitError{exitUsage, fmt.Sprintf("no such fault in the scenario (got --try %s)", try), nil}
		},
	}
	o.register(cmd)
	may.register(cmd)
	cmd.Flags().StringVar(&try, "try", "", "name of a fault of the scenario to make, and undo")
	cmd.Flags().StringVar(&dir, "out", ".", "directory of the journal")
	return cmd
}

// awsCheck looks at an account.
type awsCheck struct {
	sc      *scenarios.Scenario
	w       io.Writer
	network network
	began   time.Time
	mu      sync.Mutex

	refresh func()
	now     func() time.Time
	drivers []aws.Driver
	lasts   func(ctx context.Context, until time.Time, sticky []string) ([]string, error) // the credentials
	still   func(ctx context.Context, run string, alone bool) error                       // what the guards saw
}

func (c *awsCheck) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.w, "%s\n", c.sc.Redact(fmt.Sprintf(format, args...)))
}

// stamp says something that happened at an instant.
func (c *awsCheck) stamp(what string) { c.say("%7.1fs  %s", time.Since(c.began).Seconds(), what) }

func (c *awsCheck) fail(err error) error {
	return &exitError{reports.ExitFault, c.sc.Redact(err.Error()), err}
}

// look changes nothing.
func (c *awsCheck) look(ctx context.Context) error {
	a, err := cloud.Open(ctx, c.sc.AWS, c.network.aws)
	if err != nil {
		return c.fail(err)
	}
	c.refresh, c.now, c.drivers, c.lasts, c.still = a.Refresh, a.Now, a.Drivers, a.Last, a.Still
	warnings, refused := a.Guard(ctx)
	for _, w := range warnings {
		c.say("be careful: %s", w)
	}
	if refused == nil {
		c.say("guards: a run may begin")
	}
	if c.sc.AWS.Discover {
		found := a.Discover(ctx)
		for _, line := range found.Text() {
			c.say("found: %s", line)
		}
		for _, p := range found.Problems {
			c.say("not found: %s", p)
		}
		c.say("the section, as far as it was found:\n\n%s", cloud.Section(&found.AWS))
	}
	facts, err := aws.Facts(ctx, a.Drivers)
	for _, f := range facts {
		c.say("%s", f)
	}
	rehearsal := aws.New(aws.Config{AWS: c.sc.AWS, Drivers: a.Drivers, Run: run.NewID()})
	cannot := rehearsal.Rehearse(ctx, c.sc.Faults())
	if cannot == nil {
		c.say("faults: every one can be made, as far as reading tells")
	}
	if err := errors.Join(refused, err, cannot); err != nil {
		return c.fail(err)
	}
	return nil
}

// try makes one fault and undoes it.
func (c *awsCheck) try(ctx context.Context, f *chaos.Fault, dir string) error {
	j, err := journal.Create(filepath.Join(dir, "journal.ndjson"), c.sc.Redact)
	if err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	defer j.Close()
	j.Reference = c.sc.Reference
	f.At = 0
	if err := c.sc.AWS.Hours.Allows(time.Now(), time.Now().Add(f.For+cloud.Patience)); err != nil {
		return c.fail(err)
	}
	until := c.now().Add(f.For + 2*cloud.Patience) // when everything is surely undone
	warnings, err := c.lasts(ctx, until, aws.Sticky(c.drivers, []chaos.Fault{*f}))
	if err != nil {
		return c.fail(err)
	}
	for _, w := range warnings {
		c.say("be careful: %s", w)
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
		c.say("be careful: %v", err)
	}
	for _, what := range applier.Review(ctx) {
		c.say("be careful: %s", what)
	}
	for i := range outcomes {
		if why := outcomes[i].Void(); why != "" {
			return c.fail(fmt.Errorf("fault %s: %s; if something is left: hlsload undo %s", f.Name, why, j.Path()))
		}
	}
	return nil
}
