package run

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/run/vital"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// Config says what to run and where.
type Config struct {
	Scenario *scenarios.Scenario
	Dir      string // of the results: the journal of the faults and, with Events, events.ndjson
	Events   bool   // write every player event
	EdgeLog  string // file for the access log of the embedded channel's edges; "" = none
	StopFile string // when it appears, all players leave; "" = that of the scenario
	Version  string // of this program, for the User-Agent
	Build    string // of this program, for the summary

	// Checkpoint keeps what a long run has measured so far; nil = it is not kept.
	Checkpoint func(*reports.Summary) error
	// Live is asked once a second whether it wants the summary so far; nil = it is not shown.
	Live Live
	// Began gets what records the run, before the first player arrives, and Ended what was
	// recorded, before anything is derived from it; nil = that is not asked.
	Began func(Watched)
	Ended func(*record.Part)
	// Sums: what Began gets is asked for sums, which the agents of the run have to report then.
	Sums bool

	Progress stage.Progress  // nil = it is not shown
	Notices  io.Writer       // messages after a panic, when there is no summary; nil = none
	Secrets  *redact.Secrets // must not be shown, in addition to the scenario's; nil = none
	Halt     <-chan struct{} // closed: all players leave at once, the faults are put back, and the run ends
	// Exit ends the program after a panic, once the faults that would outlive it
	// are undone; nil = the panic continues.
	Exit func()

	// Vital is what this process uses of its machine; nil = it is read from the system.
	Vital func() vital.Level

	Network Network
	Crew    *Crew // nil = this machine alone carries the players
	// Source is what the scenario was loaded from, so that another process can go on with the run if
	// this machine is lost; without its Data, nothing is kept for that.
	Source scenarios.Source
	// Resume is the run to go on with; nil = a new one begins. Scenario and Dir are its own.
	Resume *Resumable
	// Applying wraps each applier; nil = none is wrapped.
	Applying func(chaos.Applier) chaos.Applier
}

// Live shows a run while it goes on.
type Live interface {
	// Wanted reports whether Show would show a summary that is made now. To make it holds
	// up the players for a moment.
	Wanted() bool
	Show(*reports.Summary)
}

// Network connects the players and the embedded channel; the zero value is the
// system's network.
type Network struct {
	Listen func(ctx context.Context, addr string) (net.Listener, error)
	Target look.Network
	AWS    http.RoundTripper // carries requests to AWS; nil = the system's
}

// Kind is the kind of an [Error].
type Kind uint8

// Kinds of errors.
const (
	Internal    Kind = iota // a bug in this program
	Usage                   // the command cannot be carried out
	Refused                 // the run is not allowed; the text says what would allow it
	Invalid                 // the scenario cannot be run
	Unreachable             // the target does not answer with a stream
	Interrupted             // before the run began
	Cloud                   // AWS is not in the state that the run needs
	Lost                    // agents were lost before the run began
	Left                    // what an earlier process of the run left behind could not be put back
)

// Error is the reason why there was no run. Its text has no secrets.
type Error struct {
	Kind Kind
	Text string
	Err  error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.Err }

// internal gives errors without a kind the kind Internal.
func internal(err error) error {
	if err == nil || errors.As(err, new(*Error)) {
		return err
	}
	return &Error{Internal, err.Error(), err}
}

// live is a run in progress, at its conductor.
type live struct {
	*ground
	cfg   *Config
	id    string    // names the run on AWS and in logs
	epoch time.Time // the run's clock is 0 then
	t0    time.Time // this process begins; the epoch, unless it goes on with a run

	resumed resumed

	check   fleet.Check   // of this machine, for all players of the run
	measure record.Config // but for the instant at which the run starts
	crew    crewing
	chaos   faulting
	account account
	manual  *manual // nil = no fault is made by a person
	results results

	rescuing sync.Once
}

// results are what a run records.
type results struct {
	// collector records what the conductor knows, and the sessions of this process.
	collector  *record.Collector
	events     *Events
	goroutines int64 // the peak so far
	vital      *vital.Watch
}

// now is the run's clock.
func (r *live) now() time.Duration { return time.Since(r.epoch) }

// newLive returns a run that is not prepared.
func newLive(cfg *Config) *live {
	r := &live{ground: newGround(cfg.Scenario, cfg.Network, cfg.Version, cfg.Progress), cfg: cfg, id: NewID()}
	if p := cfg.Resume; p != nil {
		r.id = p.saved.Run
	}
	return r
}

// Do performs a scenario in real time. It returns when the timeline is over and
// the faults are undone. When ctx ends, the run is interrupted: the faults are
// undone first. If there is no summary, there was no run, and the error is an
// [*Error]; with a summary, the error says what could not be written.
func Do(ctx context.Context, cfg *Config) (s *reports.Summary, err error) {
	r := newLive(cfg)
	// Everything is closed in reverse order, after an error as well.
	var closers []func() error
	defer func() {
		for i := len(closers) - 1; i >= 0; i-- {
			if cerr := internal(closers[i]()); cerr != nil {
				err = errors.Join(err, cerr)
			}
		}
	}()
	defer r.guard()
	if cfg.Resume != nil {
		if err := r.reopen(ctx); err != nil {
			return nil, internal(err)
		}
		closers = append(closers, func() error { r.chaos.journal.Close(); return nil })
		if cfg.Resume.past(time.Now()) {
			return r.afterwards()
		}
	}
	if err := r.prepare(ctx, &closers); err != nil {
		return nil, internal(err)
	}
	closers = append(closers, func() error { r.dismiss(); return nil })
	if err := r.startCrew(); err != nil {
		return nil, internal(err)
	}
	if err := r.begin(ctx); err != nil {
		return nil, internal(err)
	}
	s = r.perform(ctx)
	stage.Hide(s, r.sc.Secrets())
	return s, nil
}

// prepare opens everything that the run needs.
func (r *live) prepare(ctx context.Context, closers *[]func() error) error {
	if why, there := stopFileThere(r.stopFile()); there {
		return &Error{Refused, why + " already (want it removed before a run)", nil}
	}
	r.chaos.board = conduct.NewBoard(r.seed())
	log, err := r.openEdgeLog()
	if err != nil {
		return err
	}
	*closers = append(*closers, log.Close)
	if err := r.openMonitor(ctx); err != nil {
		return err
	}
	if err := r.openTarget(ctx, log); err != nil {
		if ctx.Err() != nil {
			return &Error{Interrupted, "interrupted before the run began", err}
		}
		return err
	}
	*closers = append(*closers, r.target.close)
	if s := r.target.stream; s != nil {
		notes, err := s.meaning(r.faults)
		if err != nil {
			return err
		}
		for _, line := range notes {
			r.progress.Mark(0, line)
		}
		r.warnings = append(r.warnings, notes...)
		if err := r.permit(ctx); err != nil {
			return err
		}
	}
	if r.measure, err = r.measured(r.id, r.cfg.Build); err != nil {
		return err
	}
	r.measure.RunKey = stage.Key(r.sc, reports.ModeRun, r.cfg.Build, r.cfg.Crew.carriers())
	if err := r.partable(); err != nil {
		return err
	}
	if r.cfg.Crew == nil {
		players := r.sc.MostPlayers()
		r.check = fleet.Preflight(players, r.target.urls)
		if err := r.check.Err(players); err != nil {
			return &Error{Usage, err.Error(), err}
		}
	}
	if err := r.openResults(); err != nil {
		return err
	}
	*closers = append(*closers, r.results.events.Close, func() error { r.chaos.journal.Close(); return nil })
	if err := r.openAccount(ctx); err != nil {
		return err
	}
	*closers = append(*closers, func() error { _ = r.unlock(ctx); return nil }) // if no run was performed
	return nil
}

// partable returns the error of a run that cannot be shared out to its agents.
func (r *live) partable() error {
	k := r.cfg.Crew
	if k == nil {
		return nil
	}
	agents := int64(k.Agents)
	if k.Local != nil {
		agents++
	}
	ceiling := ceilingOf(&r.sc.Limits)
	if r.permission != nil {
		ceiling = r.permission.ceiling
	}
	if n := ceiling.Requests; n > 0 && n < agents {
		return &Error{Usage, fmt.Sprintf("requests: %d/s cannot be shared out to %d agents (want %d/s or more, or fewer agents)", n, agents, agents), nil}
	}
	return nil
}

// openTarget starts the embedded channel, or reads the stream at the URL.
func (r *live) openTarget(ctx context.Context, log *EdgeLog) error {
	if r.sc.Target.Rig != nil {
		return r.openEmbedded(ctx, log)
	}
	return r.openStream(ctx)
}

// openResults creates the directory of the results and the files that are written
// during a run.
func (r *live) openResults() error {
	dir := r.cfg.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &Error{Usage, "creating the directory of the results: " + err.Error(), err}
	}
	for _, s := range []*redact.Secrets{r.sc.Secrets(), r.cfg.Secrets} {
		s.Keep(dir)
	}
	var err error
	create := CreateEvents
	if r.cfg.Resume != nil {
		create = AppendEvents
	}
	if r.results.events, err = create(dir, r.cfg.Events); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	if r.cfg.Resume != nil {
		return nil // it has its journal
	}
	if r.chaos.journal, err = journal.Create(filepath.Join(dir, reports.JournalFile), r.sc.Redact); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	r.chaos.journal.Reference = r.sc.Reference
	return nil
}

// stopFile is the file that ends the run; "" = none.
func (r *live) stopFile() string { return cmp.Or(r.cfg.StopFile, r.sc.Limits.StopFile) }

// NewID returns the id of a run, which marks what the run changes on AWS.
func NewID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
