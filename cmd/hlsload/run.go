package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/command"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/chaos/journal"
	"hlsload/player"
	"hlsload/player/cmcd"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/monitor"
	"hlsload/reports/record"
	"hlsload/run/cloud"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/stage"
)

func runCommand(on network) *cobra.Command {
	var o overrides
	var out output
	var may consent
	var stopFile string
	var edgeLog string
	cmd := &cobra.Command{
		Use:               "run SCENARIO",
		Short:             "Run a scenario in real time; SCENARIO is a file or the name of one that ships",
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			if err := may.check(sc, args[0]); err != nil {
				return err
			}
			r := &realRun{cmd: cmd, sc: sc, out: &out, faults: sc.Faults(), network: on, edgeLog: edgeLog, stopFile: cmp.Or(stopFile, sc.Limits.StopFile)}
			return r.do(cmd.Context())
		},
	}
	o.register(cmd)
	out.register(cmd)
	may.register(cmd)
	cmd.Flags().StringVar(&stopFile, "stop-file", "", "when this file appears, all players leave at once and the faults are undone (limits.stop_file)")
	cmd.Flags().StringVar(&edgeLog, "edge-log", "", "file to which the embedded channel's edges write their access log, as CloudFront does")
	return cmd
}

// realRun is a run in real time while it is put together and goes on.
type realRun struct {
	cmd    *cobra.Command
	sc     *scenarios.Scenario
	out    *output
	faults []chaos.Fault

	epoch     time.Time
	id        string // names the run on AWS and in logs
	target    target
	board     *conduct.Board
	injector  *inject.Injector
	collector *record.Collector
	fleet     *fleet.Fleet
	conductor *conduct.Runner
	journal   *journal.Journal
	events    eventFile
	tester    tester
	edgeLog   string // file; "" = none
	network   network
	onAWS     *aws.Applier                // nil = nothing is done there
	stopped   func(context.Context) error // tells whether the account's owners have stopped experiments; nil = there is no account
	watcher   cloud.Watcher               // nil = AWS is not watched
	monitor   *monitor.Monitor
	warnings  []string // beside those of the target
	stopFile  string

	permission *permission // nil on the embedded channel
	hide       memo        // takes secrets out of what is shown and stored
	rescuing   sync.Once

	// applying stands between the conductor and who applies a fault; nil =
	// nobody does.
	applying func(chaos.Applier) chaos.Applier
}

// cmcdWays are the values of fleet.cmcd.
var cmcdWays = map[string]fleet.CMCD{"off": fleet.CMCDOff, "header": fleet.CMCDHeader, "query": fleet.CMCDQuery}

// network is what players and the embedded channel meet on; the zero value is
// the system's.
type network struct {
	listen func(ctx context.Context, addr string) (net.Listener, error)
	web    look.Network
	halt   <-chan struct{}   // closed: all players leave at once
	aws    http.RoundTripper // what AWS is reached by
	exit   func(code int)    // ends the program after a panic
}

// now is the run's clock.
func (r *realRun) now() time.Duration { return time.Since(r.epoch) }

func (r *realRun) do(ctx context.Context) (err error) {
	progress, err := newProgress(r.out.progress, r.cmd.ErrOrStderr(), r.sc.Duration)
	if err != nil {
		return err
	}
	r.hide.f = r.sc.Redact
	progress = hiding{progress, r.hide.of}
	defer progress.close()
	if why, there := stopFileThere(r.stopFile); r.stopFile != "" && there {
		return &exitError{code: exitUsage, msg: why + " already (want it removed before a run)", cause: errSaid}
	}
	// What is open at the end, an error included, is closed in reverse order.
	var closers []func()
	defer func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}()
	defer r.guard()
	r.id = newRun()
	r.board = conduct.NewBoard(seedOf(r.sc))
	log, err := r.openEdgeLog()
	if err != nil {
		return err
	}
	closers = append(closers, func() {
		if cerr := log.close(); err == nil && cerr != nil {
			err = internal(cerr)
		}
	})
	if err := r.openWatch(ctx); err != nil {
		return err
	}
	if r.sc.Target.Rig == nil {
		if r.permission, err = newPermission(ctx, r.network.web, r.sc, r.mostPlayers()); err != nil {
			return err
		}
	}
	if r.target, err = r.openTarget(ctx, log); err != nil {
		if ctx.Err() != nil {
			return &exitError{reports.ExitInterrupted, "interrupted before the run began", err}
		}
		return err
	}
	closers = append(closers, r.target.close)
	if s, ok := r.target.(*stream); ok {
		if err := r.permission.permit(ctx, s.hosts()); err != nil {
			return err
		}
		r.expect(ctx, s, progress)
	}
	check := fleet.Preflight(r.mostPlayers(), r.target.urls())
	if err := check.Err(r.mostPlayers()); err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	if err := r.out.make(r.sc.Name, time.Now()); err != nil {
		return err
	}
	r.sc.Secrets().Keep(r.out.dir)
	secretsOf(r.cmd.Context()).Keep(r.out.dir)
	if r.events, err = openEvents(r.out); err != nil {
		return err
	}
	if r.journal, err = journal.Create(filepath.Join(r.out.dir, "journal.ndjson"), r.sc.Redact); err != nil {
		return &exitError{exitUsage, err.Error(), err}
	}
	r.journal.Reference = r.sc.Reference
	closers = append(closers, func() { r.journal.Close() })
	if r.onAWS, err = r.openAWS(ctx); err != nil {
		return err
	}
	if r.onAWS != nil {
		closers = append(closers, func() { _ = unlock(ctx, r.onAWS) }) // where a run was not performed
	}
	if r.sc.Target.Rig == nil {
		// The first viewers arrive when everything has been put together.
		r.epoch = time.Now()
	}
	if r.monitor != nil {
		r.monitor.Start(r.epoch)
	}
	if err := r.assemble(&check); err != nil {
		return internal(err)
	}
	return r.perform(ctx, progress)
}

// mostPlayers is how many players there may be at a time.
func (r *realRun) mostPlayers() int {
	n := r.sc.Fleet.Audience.Peak()
	for i := range r.faults {
		n += r.faults[i].Players
	}
	return n
}

// assemble connects everything that takes part.
func (r *realRun) assemble(check *fleet.Check) error {
	cfg := stage.Measure(r.sc, reports.ModeRun, r.faults, r.epoch)
	cfg.RunID = r.id
	r.target.describe(&cfg)
	cfg.Events = r.events.log
	var err error
	if r.collector, err = record.New(cfg); err != nil {
		return err
	}
	r.target.count(r.collector.Meter())

	var onViewers, onLinks, named bool
	for i := range r.faults {
		f := &r.faults[i]
		onViewers = onViewers || f.Via == chaos.ViaViewer
		onLinks = onLinks || f.Kind.Spec().Part == chaos.PartLink
		named = named || f.Kind.Spec().Part == chaos.PartTokens && f.Via == chaos.ViaRig
	}
	profiles := map[string]*player.Profile{}
	for i, c := range r.sc.Fleet.Audience.Cohorts {
		profiles[c.Profile] = r.sc.Fleet.Profiles[i]
	}
	fc := fleet.Config{
		Audience: r.sc.Fleet.Audience, Profiles: profiles, Seed: seedOf(r.sc), Epoch: r.epoch,
		URL: r.target.url, Classify: r.target.classify, NoBodies: r.sc.Fleet.Body == "none",
		CMCD: cmcdWays[r.sc.Fleet.CMCD], MaxPlaylist: r.sc.Limits.Playlist,
		Join:   func(now time.Duration, who record.SessionInfo) fleet.Session { return r.collector.Join(now, who) },
		Redact: r.hide.of, LinkFaults: onLinks, Lost: r.target.lost(), Named: named, Sources: check.Sources, Dial: r.network.web.Dial,
		Guard: r.guard,
	}
	fc.Public = r.sc.Target.Rig != nil
	r.entitle(&fc)
	fc.Run, _ = cmcd.ParseRun(r.id)
	if st, ok := r.target.(*stream); ok {
		fc.Credentials = st.creds
		st.in.join(&fc)
		if st.cloudFront {
			fc.Headers = append(fc.Headers, look.ServerTiming)
		}
	}
	r.injector = inject.New(r.board, r.now, r.target.rewriting(r.faults))
	if onViewers {
		fc.Chaos = r.injector
	}
	if r.fleet, err = fleet.New(fc); err != nil {
		return err
	}
	if st, ok := r.target.(*stream); ok {
		st.in.halts(r.fleet.Halt)
	}
	appliers := map[chaos.Via]chaos.Applier{
		chaos.ViaViewer: &viewers{r.injector, r},
		chaos.ViaCommand: command.New(command.Config{
			Bites: r.target.bites, Healthy: r.target.healthy,
		}),
	}
	if a := r.target.applier(); a != nil {
		appliers[chaos.ViaRig] = a
	}
	if r.onAWS != nil {
		appliers[chaos.ViaAWS] = r.onAWS
	}
	parts := map[chaos.Part]chaos.Applier{chaos.PartAudience: &crowd{r}}
	if r.applying != nil {
		for via, a := range appliers {
			appliers[via] = r.applying(a)
		}
		for part, a := range parts {
			parts[part] = r.applying(a)
		}
	}
	r.conductor, err = conduct.New(conduct.Config{
		Faults: r.faults,
		Timeline: chaos.Timeline{Duration: r.sc.Duration, Target: cfg.TargetDuration, Recovery: r.sc.Recovery, Linger: stage.Linger(r.sc.Recovery, cfg.TargetDuration),
			Patience: map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Patience}},
		Limits:   map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Limit},
		Appliers: appliers,
		Parts:    parts,
		Now:      r.now,
		Record:   r.record,
	})
	return err
}

// entitle tells the fleet which hosts it may dial, how much it may load, and what
// it calls itself as soon as a host is not local.
func (r *realRun) entitle(fc *fleet.Config) {
	fc.Resolver, fc.Allow = r.network.web.Resolver, onlyLocal
	fc.Ceiling = ceilingOf(&r.sc.Limits)
	if p := r.permission; p != nil {
		fc.Allow, fc.Led, fc.Ceiling, fc.TLS = p.allow, p.gate.Told, p.ceiling, p.tls
		fc.Caller, fc.Cautious = agent(r.sc.Authorized.By), len(p.foreign) > 0
	}
}

// record writes a step to the journal and tells the collector when faults came
// and went.
func (r *realRun) record(s conduct.Step) error {
	if err := r.journal.Record(s); err != nil {
		return err
	}
	switch {
	case s.Type == conduct.StepApplied && s.Err == "":
		if err := r.collector.FaultApplied(s.Fault.Rule, s.Fault.Occurrence, s.At); err != nil {
			return err
		}
		if !s.Fault.Kind.Spec().Instant {
			return nil
		}
		return r.collector.FaultCleared(s.Fault.Rule, s.Fault.Occurrence, s.At)
	case s.Type == conduct.StepUndone && s.Err == "":
		// A fault whose apply failed is undone all the same, and was never on.
		_ = r.collector.FaultCleared(s.Fault.Rule, s.Fault.Occurrence, s.At)
	}
	return nil
}

// perform lets it all happen, and writes down what did.
func (r *realRun) perform(ctx context.Context, p progress) error {
	sleepUntil(ctx, r.epoch)
	// Players outlive an interrupt until the faults are undone.
	watching, goHome := context.WithCancel(context.WithoutCancel(ctx))
	defer goHome()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer r.guard()
		r.fleet.Run(watching)
	}()
	ticking, stopTicking := context.WithCancel(context.WithoutCancel(ctx))
	ticked := make(chan struct{})
	go func() {
		defer close(ticked)
		defer r.guard()
		r.tick(ticking, ctx.Done(), p)
	}()
	halting := make(chan struct{})
	go func() {
		defer close(halting)
		defer r.guard()
		r.watchHalt(ticking)
	}()
	levering := make(chan struct{})
	go func() {
		defer close(levering)
		defer r.guard()
		r.watchLever(ticking)
	}()
	stopWatching := r.watch(ctx)
	outcomes, aborted := r.conductor.Run(ctx)
	ended := r.now() // what comes now may take AWS minutes, and is not part of the run
	r.tidyAWS(ctx)
	stopWatching()
	stopTicking()
	<-ticked
	<-halting
	<-levering
	end := measure.End{At: ended, Faults: stage.FaultEnds(outcomes), Interrupted: aborted}
	if ctx.Err() != nil {
		end.Interrupted = "interrupted by the user"
	}
	why, at := r.fleet.HaltReason()
	if why != "" { // what came after is nobody's viewing
		end.At, end.Interrupted = at, why
	}
	end.Warnings = slices.Concat(r.target.warnings(), r.said(), r.warnings, r.leftOnAWS(outcomes))
	if r.sc.Fleet.CMCD == "query" && r.sc.Target.Rig == nil {
		end.Warnings = append(end.Warnings, "fleet.cmcd: query adds an argument of its own to every request: on a CDN whose cache key has query strings each of them is a miss, and the origin's load is not what real viewers cause (want header)")
	}
	stats := r.fleet.Stats()
	end.Warnings = append(end.Warnings, look.WithheldFrom(stats.Withheld)...)
	end.DroppedSamples = stats.LocalErrors
	if stats.LocalErrors > 0 {
		end.Warnings = append(end.Warnings, fmt.Sprintf("%d requests failed on this machine itself: %s", stats.LocalErrors, stats.LocalError))
	}
	r.tester.sample()
	end.CPU, end.RSSPeak, end.Goroutines = cpuTime(), rssPeak(), r.tester.goroutines
	over := measure.Finish(r.collector, end)
	s := over.Summary
	goHome()
	<-gone
	r.watched(ctx, over, p)
	p.close()
	r.permission.oneWay(s, r.fleet.Spread())
	return finish(r.cmd, s, r.out, &r.events, r.sc.Secrets().Text)
}

// said is what the look at the target and its operator had to say.
func (r *realRun) said() (w []string) {
	if hint := r.hint(); hint != "" {
		w = append(w, hint)
	}
	if r.permission != nil {
		w = append(w, r.permission.notes...)
		if r.sc.Target.InsecureSkipVerify {
			w = append(w, "certificates were not checked at local addresses (target.insecure_skip_verify)")
		}
	}
	return w
}

// hint is what somebody who loads this target should read; "" = nothing.
func (r *realRun) hint() string {
	s, ok := r.target.(*stream)
	if p := r.permission; ok && p != nil && (s.cloudFront || p.cloudFront) && p.crowd() {
		return cloudFrontHint
	}
	return ""
}

// sleepUntil returns at an instant, or when the context ends.
func sleepUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// tick does once a second what has to be done all the time.
func (r *realRun) tick(ctx context.Context, interrupted <-chan struct{}, p progress) {
	if where := r.target.shown(); where != "" {
		p.Mark(0, where)
	}
	if hint := r.hint(); hint != "" {
		p.Mark(0, hint)
	}
	if r.monitor != nil {
		for _, line := range r.monitor.Summary().Found {
			p.Mark(0, "AWS: "+line)
		}
	}
	each := stage.NewSecond(p, r.collector, r.monitor, r.events.log, r.faults)
	tripped := false
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-interrupted:
			p.Mark(r.now(), "interrupted: the faults are put back first")
			interrupted = nil
			continue
		case <-ticker.C:
		}
		now := r.now()
		r.tester.sample()
		why, err := each.Pass(now)
		if why != "" && !tripped {
			tripped = true
			p.Mark(now, why+"; the faults are put back, then the run ends")
			r.conductor.Stop(why)
		}
		if err != nil {
			r.conductor.Abort(err.Error())
		}
	}
}

// tester watches the tool itself. It belongs to one goroutine at a time.
type tester struct{ goroutines int64 }

func (t *tester) sample() { t.goroutines = max(t.goroutines, int64(runtime.NumGoroutine())) }
