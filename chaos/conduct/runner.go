package conduct

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"hlsload/chaos"
)

// Config describes the faults of a run and what applies them.
type Config struct {
	Faults   []chaos.Fault // occurrences, as [chaos.Expand] made them
	Timeline chaos.Timeline
	Appliers map[chaos.Via]chaos.Applier
	// Parts overrides Appliers for faults of one part of the delivery, such as
	// those of the audience.
	Parts map[chaos.Part]chaos.Applier
	// Now is the run's clock; nil = time since [Runner.Run] was called.
	Now func() time.Duration
	// Record gets every step before it is made, and every result after, from several
	// goroutines at once. An error keeps an apply from being made, and
	// nothing else.
	Record func(Step) error
	// Limits of one call of an applier; 0 = 30s, and 5s for a look.
	ApplyLimit, UndoLimit, LookLimit time.Duration
	// Limits are longer ones for what takes its time.
	Limits map[chaos.Via]time.Duration
}

// Step is one step of one fault, as recorded.
type Step struct {
	At     time.Duration
	Type   StepType
	ID     int
	Fault  *chaos.Fault
	Err    string
	Detail string
}

// StepType says which step.
type StepType string

// The steps: apply and undo are announced, the rest has happened.
const (
	StepApply   StepType = "apply"   // about to be applied
	StepApplied StepType = "applied" // acknowledged, or Err
	StepBites   StepType = "bites"   // shows at the target
	StepUndo    StepType = "undo"    // about to be undone
	StepUndone  StepType = "undone"  // acknowledged, or Err
	StepHealthy StepType = "healthy" // the target is healthy again
	StepOver    StepType = "over"    // nothing more will be done for this fault; Err = why it is void
)

// Runner carries out one timeline.
type Runner struct {
	cfg    Config
	aborts chan chaos.Observation
	ended  chan struct{}
}

// New checks that everything that may be asked for can be applied.
func New(cfg Config) (*Runner, error) {
	r := &Runner{cfg: cfg, aborts: make(chan chaos.Observation), ended: make(chan struct{})}
	for i := range cfg.Faults {
		if r.applier(&cfg.Faults[i]) == nil {
			f := &cfg.Faults[i]
			return nil, fmt.Errorf("fault %s: no applier makes %s via %s", f.Name, f.Kind, f.Via)
		}
	}
	if r.cfg.Record == nil {
		r.cfg.Record = func(Step) error { return nil }
	}
	r.cfg.ApplyLimit = cmp.Or(cfg.ApplyLimit, 30*time.Second)
	r.cfg.UndoLimit = cmp.Or(cfg.UndoLimit, 30*time.Second)
	r.cfg.LookLimit = cmp.Or(cfg.LookLimit, 5*time.Second)
	return r, nil
}

func (r *Runner) applier(f *chaos.Fault) chaos.Applier {
	if a := r.cfg.Parts[f.Kind.Spec().Part]; a != nil {
		return a
	}
	return r.cfg.Appliers[f.Via]
}

// Run walks the timeline until it ends, and returns what became of each
// occurrence, by ID, and the reason of an abort, "" when there was none. When
// ctx ends, the run is aborted: everything open is undone and verified first,
// with contexts of its own, and no second interrupt can skip that. Run must be
// called once; it returns after all its goroutines have.
func (r *Runner) Run(ctx context.Context) (outcomes []chaos.Outcome, aborted string) {
	defer close(r.ended)
	l := newLoop(ctx, r)
	defer l.end()
	l.step(chaos.Observation{Type: chaos.Tick})
	for !l.conductor.Stopped() {
		l.wait()
	}
	return l.conductor.Outcomes(), l.conductor.Aborted()
}

// Abort ends the run as an interrupt does, with this reason. It returns at
// once; only the first reason counts.
func (r *Runner) Abort(reason string) { r.abort(reason, false) }

// Stop is [Runner.Abort] with grace: once everything was undone, the run goes
// on for [chaos.Timeline.Linger], so that it can be seen how the audience
// recovers. An abort or an interrupt meanwhile ends it at once.
func (r *Runner) Stop(reason string) { r.abort(reason, true) }

func (r *Runner) abort(reason string, grace bool) {
	select {
	case r.aborts <- chaos.Observation{Type: chaos.Abort, Detail: reason, OK: grace}:
	case <-r.ended:
	}
}
