package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
	"hlsload/scenarios"
)

// saved is what it takes to go on with a run when its machine is lost: resume.json. The
// file beside it, part.bin, has what was recorded until then; see [snapshot].
type saved struct {
	Format   int       `json:"format"`
	Build    string    `json:"build"`
	Run      string    `json:"run"`
	Started  time.Time `json:"started"`
	Agents   int       `json:"agents,omitempty"` // that carry the players; such a run cannot be gone on with
	Events   bool      `json:"events,omitempty"`
	Scenario []byte    `json:"scenario,omitempty"` // see [scenarios.Bundle]
	SHA256   string    `json:"sha256"`             // of its file
	Target   found     `json:"target"`
}

// savedFormat is that of the files that are written.
const savedFormat = 1

// snapshot is the first line of part.bin. What was recorded follows, encoded.
type snapshot struct {
	Written     time.Time     `json:"written"`
	Host        string        `json:"host"`
	PID         int           `json:"pid"`
	CPU         time.Duration `json:"cpu"`
	RSS         int64         `json:"rss"`
	Goroutines  int64         `json:"goroutines"`
	LocalErrors int64         `json:"local_errors"`
}

// Snapshots are that often: a sixtieth of a run apart, within bounds.
const (
	leastKeep = 5 * time.Second
	mostKeep  = time.Minute
)

func keepEvery(duration time.Duration) time.Duration {
	return min(max(duration/60, leastKeep), mostKeep)
}

// keepable reports whether the run keeps what it takes to go on with it.
func (r *live) keepable() bool { return r.cfg.Source.Data != nil }

// save writes resume.json.
func (r *live) save() error {
	s := saved{Format: savedFormat, Build: r.cfg.Build, Run: r.id, Started: r.measure.Started, Events: r.cfg.Events, SHA256: r.sc.SHA256,
		Target: found{r.measure.TargetDuration, r.measure.Pipelines, r.measure.Renditions}}
	if r.crew.alone {
		sc, bundle, err := scenarios.Bundle(r.cfg.Source)
		if err != nil {
			return err
		}
		if sc.SHA256 != r.sc.SHA256 {
			return errors.New("the file of the scenario has changed since it was read")
		}
		s.Scenario = bundle
	} else {
		s.Agents = len(r.crew.members)
	}
	data, err := json.Marshal(&s)
	if err != nil {
		return err
	}
	return writeDurably(filepath.Join(r.cfg.Dir, reports.ResumeFile), data)
}

// keep keeps what was recorded so far, again and again. It has its own goroutine, so that
// a slow disk holds up neither players nor stop conditions.
func (r *live) keep(ctx context.Context) {
	if !r.keepable() {
		return
	}
	if err := r.save(); err != nil {
		r.progress.Mark(r.now(), fmt.Sprintf("warning: if this machine is lost, the run cannot go on: %v", err))
		return
	}
	if !r.crew.alone {
		return
	}
	every := time.NewTicker(keepEvery(r.sc.Duration))
	defer every.Stop()
	said := false
	for {
		if err := r.snapshot(); err != nil && !said {
			said = true
			r.progress.Mark(r.now(), fmt.Sprintf("warning: keeping what was recorded: %v", err))
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// snapshot writes part.bin.
func (r *live) snapshot() error {
	host, _ := os.Hostname()
	s := snapshot{Written: time.Now().UTC(), Host: host, PID: os.Getpid(), CPU: cpuTime(), RSS: rssPeak(), LocalErrors: r.crew.agent.stats().LocalErrors}
	if past := r.cfg.Resume; past != nil {
		past.addTo(&s)
	}
	line, err := json.Marshal(&s)
	if err != nil {
		return err
	}
	part := r.results.collector.Snapshot(r.crew.agent.unrecorded(r.now()))
	return writeDurably(filepath.Join(r.cfg.Dir, reports.PartFile), bytes.Join([][]byte{line, part.Encode()}, []byte("\n")))
}

// addTo adds what the run used before its machine was lost.
func (p *Resumable) addTo(s *snapshot) {
	s.CPU += p.last.CPU
	s.RSS, s.Goroutines = max(s.RSS, p.last.RSS), max(s.Goroutines, p.last.Goroutines)
	s.LocalErrors += p.last.LocalErrors
}

// writeDurably writes a file that is complete or not there, even if the machine is lost
// right after; it replaces an earlier one.
func writeDurably(path string, data []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // not every system can
	return nil
}

// Resumable is a run whose machine was lost, as its directory has it.
type Resumable struct {
	Dir      string
	Scenario *scenarios.Scenario
	Source   scenarios.Source
	Events   bool

	saved saved
	last  snapshot
	part  []byte // encoded
}

// Bounds of the files of a run.
const (
	maxSaved    = 4 << 20
	maxSnapshot = 1 << 30
)

// quiet is for how long a run on another machine must not have written anything before
// it counts as lost.
const quiet = 3 * time.Minute

// OpenResumable reads what a run kept in its directory before its machine was lost.
// getenv looks up the secrets of its scenario. The files may be hostile.
func OpenResumable(dir, build string, getenv func(string) (string, bool)) (*Resumable, error) {
	refuse := func(format string, args ...any) (*Resumable, error) {
		return nil, &Error{Refused, fmt.Sprintf("resume %s: %v", dir, fmt.Sprintf(format, args...)), nil}
	}
	there := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	data, err := readAtMost(filepath.Join(dir, reports.ResumeFile), maxSaved)
	switch {
	case err == nil:
	case !errors.Is(err, os.ErrNotExist):
		return refuse("%v", err)
	case there(reports.SummaryFile):
		return refuse("the run is over (got its summary.json; want the directory of a run whose machine was lost)")
	case there(reports.JournalFile):
		return refuse("the run has kept nothing to go on with (got no %s; want a run of this version, which was lost after it had begun). hlsload undo %s puts back what it left behind", reports.ResumeFile, filepath.Join(dir, reports.JournalFile))
	default:
		return refuse("no run is there (want the directory of a run whose machine was lost; a simulation is simulated again: the same seed has the same results)")
	}
	p := &Resumable{Dir: dir}
	if err := json.Unmarshal(data, &p.saved); err != nil {
		return refuse("%s: %v", reports.ResumeFile, err)
	}
	s := &p.saved
	switch {
	case s.Format != savedFormat:
		return refuse("%s has format %d (want %d: the same version of hlsload)", reports.ResumeFile, s.Format, savedFormat)
	case s.Agents > 0:
		return refuse("the players of the run were on %s (want a run of one machine). hlsload merge joins what agents kept; hlsload undo %s puts back what the conductor left behind", figure.Plural(s.Agents, "agent"), filepath.Join(dir, reports.JournalFile))
	case s.Build != build:
		return refuse("it was begun by another hlsload (got %s; want %s)", s.Build, build)
	case there(reports.SummaryFile):
		return refuse("the run is over (got its summary.json; want the directory of a run whose machine was lost)")
	}
	if data, err = readAtMost(filepath.Join(dir, reports.PartFile), maxSnapshot); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return refuse("it was lost before anything was kept (want it run again)")
		}
		return refuse("%v", err)
	}
	line, part, ok := bytes.Cut(data, []byte("\n"))
	if err := json.Unmarshal(line, &p.last); err != nil || !ok {
		return refuse("%s: its first line cannot be read: %v (want what the run kept)", reports.PartFile, err)
	}
	p.part = part
	if host, _ := os.Hostname(); host != p.last.Host { // on this one the lock of the journal says whether it goes on
		if age := time.Since(p.last.Written); age < quiet {
			return refuse("it may still go on: process %d on %s wrote %s ago (want nothing for %s)", p.last.PID, p.last.Host, age.Round(time.Second), figure.Seconds(float64(quiet/time.Millisecond)))
		}
	}
	if p.Source, err = scenarios.Unbundle(s.Scenario, getenv); err != nil {
		return refuse("%v", err)
	}
	if p.Scenario, err = scenarios.Load(p.Source); err != nil {
		return nil, err
	}
	if p.Scenario.SHA256 != s.SHA256 {
		return refuse("%s: its scenario is damaged (got %.12s; want %.12s)", reports.ResumeFile, p.Scenario.SHA256, s.SHA256)
	}
	p.Events = s.Events
	return p, nil
}

// past reports whether the run would be over by an instant, at the latest once all viewers were
// back.
func (p *Resumable) past(now time.Time) bool {
	return p.elapsed(now)+p.Scenario.Fleet.Audience.Ramp() >= p.Scenario.Duration
}

// elapsed is the time of the run at an instant.
func (p *Resumable) elapsed(now time.Time) time.Duration {
	return max(now.Round(0).Sub(p.saved.Started), 0)
}

// goOn makes the collector go on with what the run had recorded before a time of which
// nothing is known.
func (p *Resumable) goOn(c *record.Collector, to, settled time.Duration) (record.Gap, error) {
	part, err := c.ReadSnapshot(p.part)
	if err != nil {
		return record.Gap{}, fmt.Errorf("%s: %w", reports.PartFile, err)
	}
	host := p.last.Host
	gap := record.Gap{From: part.At, To: max(to, part.At), Why: fmt.Sprintf("process %d on %s was lost", p.last.PID, host)}
	gap.Settled = max(settled, gap.To)
	return gap, c.Continue(part, gap)
}
