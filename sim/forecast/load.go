package forecast

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/sim"
)

// Run is a run whose load is asked for.
type Run struct {
	Channel  rig.Config // of the same shape as the target
	Seed     draw.Seed
	Duration time.Duration
	Recovery time.Duration
	Audience audience.Config
	Profiles []*player.Profile // by cohort
	HeadOnly bool
	Faults   []chaos.Fault
	Cautious bool // as on a target that is not local
	// Expired ends the simulation early; nil = never.
	Expired func() bool
}

// What a simulation may cost.
const (
	mostPlayers  = 2000
	leastPlayers = 20
	mostSeconds  = 600_000 // of all players together
)

// Load is what a run is expected to ask of its target.
type Load struct {
	Players   int           // of the run, at a time
	Simulated int           // players that were simulated, at a time
	Duration  time.Duration // of the run
	Span      time.Duration // from its start that was simulated
	Notes     []string      // what is not in it, and what was assumed

	step   time.Duration
	slots  []slot
	factor float64 // from the players simulated to those of the run
}

// slot is what happened within a step.
type slot struct {
	requests [m3u8.Kinds]int64
	bytes    int64
}

// epoch is the wall-clock instant of 0; date-times do not matter here.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Unknown is the load of a run of so many players of which nothing else is known:
// its ceilings are what a player may ask for at least.
func Unknown(players int, duration time.Duration) *Load {
	return &Load{Players: players, Duration: duration, Span: duration, step: time.Second, factor: 1}
}

// Expect simulates a run.
func Expect(r *Run) (*Load, error) {
	l := &Load{Duration: r.Duration, step: 100 * time.Millisecond}
	if r.Duration > time.Hour {
		l.step = time.Second
	}
	faults, notes := simulable(r.Faults, &r.Channel)
	l.Notes = notes
	full := r.Audience.Peak()
	l.Players = full + surges(r.Faults)
	n := max(min(mostPlayers, full, int(mostSeconds/max(r.Duration.Seconds(), 1))), min(leastPlayers, full))
	crowd := scaled(r.Audience, n)
	l.factor = float64(r.Audience.Arrivals()) / float64(max(crowd.Arrivals(), 1))
	for i := range faults {
		faults[i].Players = int(float64(faults[i].Players)/l.factor + 0.5)
	}
	l.Simulated = crowd.Peak() + surges(faults)
	l.Span = min(r.Duration, time.Duration(float64(mostSeconds)/float64(max(l.Simulated, 1))*float64(time.Second)).Round(time.Second)+time.Minute)
	faults = slices.DeleteFunc(faults, func(f chaos.Fault) bool { return f.At+f.For > l.Span })
	if err := l.simulate(r, &crowd, faults); err != nil {
		return nil, fmt.Errorf("expected load: %w", err)
	}
	return l, nil
}

func (l *Load) simulate(r *Run, crowd *audience.Config, faults []chaos.Fault) error {
	model, err := rig.New(r.Channel, r.Seed, epoch)
	if err != nil {
		return err
	}
	cfg := record.Config{Mode: reports.ModeSimulate, Duration: l.Span, ArrivalsEnd: crowd.ArrivalsEnd(), Recovery: r.Recovery,
		TargetDuration: model.TargetDuration(), Pipelines: r.Channel.Pipelines, Faults: faults}
	for i := range crowd.Cohorts {
		cfg.Cohorts = append(cfg.Cohorts, record.Cohort{Name: crowd.Cohorts[i].Name, Profile: crowd.Cohorts[i].Profile})
	}
	collector, err := record.New(cfg)
	if err != nil {
		return err
	}
	res, err := sim.Run(&sim.Config{
		Rig: r.Channel, Seed: r.Seed, Epoch: epoch, Duration: l.Span, Audience: *crowd, Profiles: r.Profiles,
		HeadOnly: r.HeadOnly, Cautious: r.Cautious, Faults: faults,
		Timeline:  chaos.Timeline{Duration: l.Span, Target: model.TargetDuration(), Recovery: r.Recovery},
		Collector: collector, Observe: l.count,
		Second: func(time.Duration) string {
			if r.Expired != nil && r.Expired() {
				return "time is up"
			}
			return ""
		},
	})
	if err != nil {
		return err
	}
	if res.Aborted != "" {
		l.Span = min(l.Span, res.End)
	}
	for i := range res.Outcomes {
		if why := res.Outcomes[i].Void(); why != "" && res.Aborted == "" {
			l.Notes = append(l.Notes, fmt.Sprintf("fault %s did nothing in the simulation (%s)", res.Outcomes[i].Fault.Name, why))
		}
	}
	return nil
}

// count takes a sample of a player.
func (l *Load) count(s *player.Sample) {
	if s.Kind >= m3u8.Kinds {
		return
	}
	switch s.Type {
	case player.Requested:
		l.at(s.At).requests[s.Kind]++
	case player.Answered:
		l.at(s.At).bytes += s.Bytes
	}
}

func (l *Load) at(t time.Duration) *slot {
	i := int(max(t, 0) / l.step)
	for i >= len(l.slots) {
		l.slots = append(l.slots, slot{})
	}
	return &l.slots[i]
}

// scaled is the audience with at most n players at a time.
func scaled(a audience.Config, n int) audience.Config {
	peak := a.Peak()
	if peak <= n {
		return a
	}
	of := func(k int) int { return int((int64(k)*int64(n) + int64(peak) - 1) / int64(peak)) }
	a.Players = of(a.Players)
	a.Arrive.Stages = slices.Clone(a.Arrive.Stages)
	for i := range a.Arrive.Stages {
		a.Arrive.Stages[i].To = of(a.Arrive.Stages[i].To)
	}
	return a
}

// surges is how many players come by surges.
func surges(faults []chaos.Fault) (n int) {
	for i := range faults {
		n += faults[i].Players
	}
	return n
}

// simulable are faults as a simulation has them: those via aws and command as
// the channel's own, where there are such. It says what is left out.
func simulable(faults []chaos.Fault, c *rig.Config) (out []chaos.Fault, notes []string) {
	said := map[string]bool{}
	without := func(f *chaos.Fault, why string) {
		if !said[f.Name] {
			notes = append(notes, fmt.Sprintf("fault %s is not simulated: %s", f.Name, why))
		}
		said[f.Name] = true
	}
	for _, f := range faults {
		spec := chaos.Lookup(f.Kind)
		switch {
		case spec == nil:
			continue
		case f.Via == chaos.ViaViewer || f.Via == chaos.ViaRig:
		case slices.Contains(spec.Vias, chaos.ViaRig):
			f.Via = chaos.ViaRig
		default:
			without(&f, "its effect cannot be simulated")
			continue
		}
		if f.Pipeline >= c.Pipelines {
			without(&f, fmt.Sprintf("the stream has no pipeline %d", f.Pipeline))
			continue
		}
		if f.Pop >= c.Edge.Pops {
			f.Pop = chaos.Any
		}
		if f.Rendition != "" && !has(c, f.Rendition) {
			f.Rendition = "" // of that name there is none; all are more
		}
		out = append(out, f)
	}
	return out, notes
}

// has reports whether a channel has a rendition.
func has(c *rig.Config, name string) bool {
	if name == "lowest" || name == "highest" {
		return true
	}
	if i, err := strconv.Atoi(name); err == nil {
		return i >= 0 && i < len(c.Ladder)
	}
	return slices.ContainsFunc(c.Ladder, func(r rig.Rung) bool {
		return strings.HasPrefix(name, fmt.Sprintf("%dx%d", r.Width, r.Height))
	})
}
