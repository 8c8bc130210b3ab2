package run

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
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
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// Config is what is run, and where.
type Config struct {
	Scenario *scenarios.Scenario
	Dir      string // of the results: the journal of the faults and, with Events, events.ndjson
	Events   bool   // every player event is written
	EdgeLog  string // file for the access log of the embedded channel's edges; "" = none
	StopFile string // when it appears, all players leave; "" = that of the scenario
	Version  string // of this program, for the User-Agent

	Progress stage.Progress  // nil = it is not shown
	Notices  io.Writer       // what must be said although there may be no summary; nil = nowhere
	Secrets  *redact.Secrets // of the caller: what must not be shown beside the scenario's own
	Halt     <-chan struct{} // closed: all players leave at once, the faults are put back, and the run ends
	// Exit ends the program after a panic, once the faults that outlive the
	// program have been put back; nil = the panic goes on then.
	Exit func()

	Network Network
	// Applying, when set, stands between the conductor and what applies a fault.
	Applying func(chaos.Applier) chaos.Applier
}

// Network is what players and the embedded channel meet on; the zero value is the
// system's.
type Network struct {
	Listen func(ctx context.Context, addr string) (net.Listener, error)
	Target look.Network
	AWS    http.RoundTripper // what AWS is reached by
}

// Kind says why there is no run.
type Kind uint8

// Kinds of errors.
const (
	Internal    Kind = iota // a mistake in this program
	Usage                   // what was asked for cannot be done
	Refused                 // it must not be done; the text says what would be right
	Invalid                 // the scenario cannot be run
	Unreachable             // the target does not answer as a stream does
	Interrupted             // before the run began
	Cloud                   // AWS is not as the run needs it
)

// Error is why there is no run. Its text has no secrets.
type Error struct {
	Kind Kind
	Text string
	Err  error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.Err }

// internal marks an error that nothing has a kind for.
func internal(err error) error {
	if err == nil || errors.As(err, new(*Error)) {
		return err
	}
	return &Error{Internal, err.Error(), err}
}

// live is a run while it is put together and goes on.
type live struct {
	cfg    *Config
	sc     *scenarios.Scenario
	faults []chaos.Fault
	id     string // names the run on AWS and in logs
	epoch  time.Time

	target     target
	permission *permission // nil on the embedded channel
	fleet      *fleet.Fleet
	chaos      faulting
	account    account
	results    results

	hide     memo // takes secrets out of what is shown and stored
	progress stage.Progress
	warnings []string // beside those of the target
	rescuing sync.Once
}

// results are what a run writes down.
type results struct {
	collector  *record.Collector
	events     *Events
	goroutines int64 // the most so far
}

// now is the run's clock.
func (r *live) now() time.Duration { return time.Since(r.epoch) }

func (r *live) seed() draw.Seed { return draw.Seed(r.sc.Seed) }

// Do performs a scenario in real time. It returns when the timeline is over and
// the faults are put back. When ctx ends, the run is interrupted: the faults are
// put back first. Without a summary, the error is an [*Error], and there was no
// run; with one, it says what could not be written.
func Do(ctx context.Context, cfg *Config) (s *reports.Summary, err error) {
	r := &live{cfg: cfg, sc: cfg.Scenario, faults: cfg.Scenario.Faults(), id: NewID()}
	r.hide.f = r.sc.Redact
	r.progress = redacted{cfg.Progress, r.hide.of}
	// What is open at the end, an error included, is closed in reverse order.
	var closers []func() error
	defer func() {
		for i := len(closers) - 1; i >= 0; i-- {
			if cerr := internal(closers[i]()); cerr != nil {
				err = errors.Join(err, cerr)
			}
		}
	}()
	defer r.guard()
	if err := r.prepare(ctx, &closers); err != nil {
		return nil, internal(err)
	}
	s = r.perform(ctx)
	stage.Hide(s, r.sc.Secrets())
	return s, nil
}

// prepare looks at everything that the run needs, and connects it.
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
		if err := r.permission.permit(ctx, s.hosts()); err != nil {
			return err
		}
		r.expect(ctx, s)
	}
	players := r.sc.MostPlayers()
	check := fleet.Preflight(players, r.target.urls)
	if err := check.Err(players); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	if err := r.openResults(); err != nil {
		return err
	}
	*closers = append(*closers, r.results.events.Close, func() error { r.chaos.journal.Close(); return nil })
	if err := r.openAccount(ctx); err != nil {
		return err
	}
	*closers = append(*closers, func() error { _ = r.unlock(ctx); return nil }) // where a run was not performed
	if r.target.embedded == nil {
		// The first viewers arrive when everything has been put together.
		r.epoch = time.Now()
	}
	if r.account.monitor != nil {
		r.account.monitor.Start(r.epoch)
	}
	return r.assemble(&check)
}

// openResults creates the directory of the results and what is written during a
// run.
func (r *live) openResults() error {
	dir := r.cfg.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &Error{Usage, "creating the directory of the results: " + err.Error(), err}
	}
	for _, s := range []*redact.Secrets{r.sc.Secrets(), r.cfg.Secrets} {
		s.Keep(dir)
	}
	var err error
	if r.results.events, err = CreateEvents(dir, r.cfg.Events); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	if r.chaos.journal, err = journal.Create(filepath.Join(dir, "journal.ndjson"), r.sc.Redact); err != nil {
		return &Error{Usage, err.Error(), err}
	}
	r.chaos.journal.Reference = r.sc.Reference
	return nil
}

// stopFile is the file that ends the run; "" = none.
func (r *live) stopFile() string { return cmp.Or(r.cfg.StopFile, r.sc.Limits.StopFile) }

// NewID names a run. What it leaves on AWS carries the name.
func NewID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
