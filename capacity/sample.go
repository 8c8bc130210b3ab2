package capacity

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"hlsload/capacity/kernel"
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

// Sample is one simulation of a part of the viewers.
type Sample struct {
	Players int
	Pops    int // equal ones
	Seed    draw.Seed
	// Fault is the index of the fault that is put into it; -1 = none. Where all faults of a plan come
	// together, 0 = all of them.
	Fault int
}

// How a sample goes: viewers arrive, settle, are watched, and meet the fault.
const (
	arriving  = 30 * time.Second
	settling  = time.Minute
	watching  = time.Minute
	longest   = 2 * time.Minute // until something begins or ends; it goes on as it is by then
	afterward = time.Minute
)

// Observed is what a sample saw at the caches of the rig.
type Observed struct {
	Viewers float64 // of the steady state
	// The means of the steady state, a second.
	Edge, Bits, Origin float64
	// The highest rates over a target duration from the onset of the fault on; 0 without one.
	PeakEdge, PeakOrigin float64
}

// Samples are the simulations that a kernel is made of, with n players each, and one more that
// it does not see, with players and POPs of another number, for [Check]. Every fault is in one;
// the first, or none, is also in one of three times the players.
func (p *Plan) Samples(n int) (kernels []Sample, check Sample) {
	pops := p.Channel.Edge.Pops
	courses := len(p.courses())
	for i := range max(courses, 1) {
		s := Sample{Players: n, Pops: pops, Seed: p.Seed.For(uint64(i)), Fault: i}
		if courses == 0 {
			s.Fault = -1
		}
		kernels = append(kernels, s)
	}
	large := kernels[0]
	large.Players, large.Seed = 3*n, p.Seed.For(1000)
	kernels = append(kernels, large)
	other := 2 * pops
	if other > rig.MaxPops {
		other = pops / 2
	}
	return kernels, Sample{Players: 2 * n, Pops: other, Seed: p.Seed.For(1001), Fault: kernels[0].Fault}
}

// peak is the largest number of viewers.
func (p *Plan) peak() (n float64) {
	for _, at := range p.Curve {
		n = max(n, at.Viewers)
	}
	return n
}

// epoch is the wall-clock instant of 0; date-times do not matter here.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Simulate runs a sample. Expired, when it is not nil, is asked every second of the simulation
// whether to give up.
func (p *Plan) Simulate(s Sample, expired func() bool) (*kernel.Recorder, *Observed, error) {
	setup := kernel.Setup{Settled: settling, From: arriving + settling, To: arriving + settling + watching, Missing: p.Channel.Origin.Missing}
	r := run{pops: s.Pops, seed: s.Seed, end: setup.To, expired: expired,
		crowd: audience.Config{Players: s.Players, Arrive: audience.Arrive{Over: arriving}, Entry: p.Entry}}
	if faults, then, lasts := p.faults(s); len(faults) > 0 {
		for i := range faults {
			faults[i].At += setup.To
		}
		for i := range then {
			then[i].At += setup.To
		}
		r.faults = faults
		r.end += lasts
		setup.Fault, setup.Then, setup.Until = p.courses()[s.Fault][0].name, then, r.end
	}
	recorder, stats, err := p.run(&r, setup)
	if err != nil {
		return nil, nil, fmt.Errorf("capacity: simulation of %d players: %w", s.Players, err)
	}
	return recorder, observe(stats, &p.Channel, setup.From, setup.To, r.end, float64(s.Players)), nil
}

// run is one simulation.
type run struct {
	pops    int
	seed    draw.Seed
	crowd   audience.Config // without its cohorts
	faults  []chaos.Fault
	end     time.Duration
	expired func() bool
}

func (p *Plan) run(r *run, setup kernel.Setup) (*kernel.Recorder, *rig.Stats, error) {
	channel := p.Channel
	channel.Edge.Pops = r.pops
	// What a part of the viewers asks for must not meet a limit that is meant for all of them.
	channel.Origin.ReadLimit = 0
	model, err := rig.New(channel, r.seed, epoch)
	if err != nil {
		return nil, nil, err
	}
	rc := record.Config{Mode: reports.ModeSimulate, Duration: r.end, ArrivalsEnd: r.crowd.ArrivalsEnd(), Recovery: afterward,
		TargetDuration: model.TargetDuration(), Pipelines: channel.Pipelines, Faults: r.faults}
	for i, c := range p.Cohorts {
		c.FaultsNone = false
		r.crowd.Cohorts = append(r.crowd.Cohorts, c)
		rc.Cohorts = append(rc.Cohorts, record.Cohort{Name: c.Name, Profile: c.Profile})
		setup.Cohorts = append(setup.Cohorts, c.Name)
		renditions, err := renditionsOf(model, p.Profiles[i])
		if err != nil {
			return nil, nil, err
		}
		setup.Renditions = append(setup.Renditions, renditions)
		setup.Yields = append(setup.Yields, p.Profiles[i].Hurries())
	}
	setup.Segment = channel.Segment
	recorder, err := kernel.NewRecorder(setup)
	if err != nil {
		return nil, nil, err
	}
	rc.Tap = recorder.Take
	collector, err := record.New(rc)
	if err != nil {
		return nil, nil, err
	}
	res, err := sim.Run(&sim.Config{Rig: channel, Seed: r.seed, Epoch: epoch, Duration: r.end, Audience: r.crowd, Profiles: p.Profiles,
		Cautious: p.Cautious, Faults: r.faults, Timeline: chaos.Timeline{Duration: r.end, Target: model.TargetDuration(), Recovery: afterward},
		Collector: collector, Second: func(time.Duration) string {
			if r.expired != nil && r.expired() {
				return "time is up"
			}
			return ""
		}})
	if err != nil {
		return nil, nil, err
	}
	if res.Aborted != "" {
		return nil, nil, errors.New("ended early: " + res.Aborted)
	}
	return recorder, res.Stats, nil
}

// observe reads the counters of the rig.
func observe(stats *rig.Stats, c *rig.Config, from, to, end time.Duration, viewers float64) *Observed {
	o := &Observed{Viewers: viewers}
	slots := func(from, to time.Duration) (edge, bits, origin []float64) {
		for i := int(from / time.Second); i < min(int(to/time.Second), len(stats.Seconds)); i++ {
			s := &stats.Seconds[i]
			edge, bits, origin = append(edge, float64(s.Edge.Requests)), append(bits, float64(s.Edge.Bytes)*8), append(origin, float64(s.Origin.Requests))
		}
		return edge, bits, origin
	}
	edge, bits, origin := slots(from, to)
	o.Edge, o.Bits, o.Origin = mean(edge), mean(bits), mean(origin)
	if edge, _, origin = slots(to, end); len(edge) > 0 {
		n := window(c)
		o.PeakEdge, _ = highest(edge, n)
		o.PeakOrigin, _ = highest(origin, n)
	}
	return o
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

// renditionsOf says where the renditions of the channel are, as a profile numbers them.
func renditionsOf(model *rig.Rig, profile *player.Profile) ([]int8, error) {
	base := &url.URL{Scheme: "http", Host: "rig", Path: model.Entry(0)}
	mv, err := m3u8.ParseMultivariant(model.Multivariant(0), m3u8.Options{Base: base})
	if err != nil {
		return nil, err
	}
	l, err := player.NewLadder(mv, profile, nil)
	if err != nil {
		return nil, err
	}
	var out []int8
	for i := range l.Renditions {
		at := int8(-1)
		if u, err := url.Parse(l.Renditions[i].URL); err == nil {
			if id, ok := model.Parse(u.Path); ok {
				at = int8(id.Rendition) // a ladder has at most rig.MaxRungs
			}
		}
		out = append(out, at)
	}
	return out, nil
}
