package answer

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
)

// Machine is one that carries players: what was measured on it.
type Machine struct {
	Cores   int
	Players int     // that it carries on shaped links without being late; its open files are a bound of it
	CPU     float64 // seconds of CPU a request
	BPS     float64 // bit/s of its network
	Source  string  // of the figures
}

// DefaultMachine is that of README.md, Figures: 5,000 players on 2 cores, 0.05 ms of CPU a request. Its
// network was not measured: 10 Gbit/s is assumed.
var DefaultMachine = Machine{Cores: 2, Players: 5000, CPU: 50e-6, BPS: 10e9, Source: "README.md, Figures; the network is assumed"}

func (m *Machine) check() error {
	if m.Cores < 1 || m.Cores > 10_000 || m.Players < 1 || m.Players > 10_000_000 || !(m.CPU > 0 && m.CPU <= 1) || !(m.BPS >= 1 && m.BPS <= 1e15) {
		return fmt.Errorf("machine of a rehearsal: %d cores, %d players, %g s a request, %g bit/s (want 1 to 10,000 cores, 1 to 10,000,000 players, up to 1 s, 1 to 1e15 bit/s)", m.Cores, m.Players, m.CPU, m.BPS)
	}
	return nil
}

// Rehearsal is what it takes to test the peak for real.
type Rehearsal struct {
	Minutes         float64 `json:"minutes"` // for which the cost is, alone in its month
	Viewers         float64 `json:"viewers"`
	Agents          int     `json:"agents"` // for full bodies
	PlayersPerAgent int     `json:"players_per_agent"`
	FullBody        Full    `json:"full_body"`
	RequestsOnly    Heads   `json:"requests_only"`
	Machine         string  `json:"machine"` // where its figures are from
	Note            string  `json:"note"`
}

// Full is a rehearsal that reads segments in full.
type Full struct {
	Agents int     `json:"agents"`
	By     string  `json:"by"` // what needs so many: players, network or cpu
	BPS    float64 `json:"bps"`
	Cost   Range   `json:"cost"`
}

// Heads is one that asks for segments with HEAD.
type Heads struct {
	Agents int     `json:"agents"`
	By     string  `json:"by"`
	RPS    float64 `json:"rps"`
	Cost   Range   `json:"cost"`
}

// Range is a cost.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// How a machine may be used, and how long a rehearsal lasts.
const (
	ofNetwork = 0.7
	ofCores   = 0.5
	lasting   = 10 * time.Minute
)

// rehearsal counts machines for the busiest minute and the worst fault:
//
//	agents = max(viewers ÷ players, bits ÷ (0.7 · network), requests · CPU ÷ (0.5 · cores))
func (q *Question) rehearsal() *Rehearsal {
	f, m := q.Forecast, &q.Machine
	top := &f.Minutes[f.Busiest]
	viewers, rps, bps := 0.0, top.Edge, top.Bits
	for i := range f.Minutes {
		viewers, bps = max(viewers, f.Minutes[i].Viewers), max(bps, f.Minutes[i].Bits)
	}
	for i := range f.Worst {
		rps, bps = max(rps, f.Worst[i].Edge), max(bps, f.Worst[i].Bits)
	}
	needs := []need{{"players", viewers / float64(m.Players)}, {"cpu", rps * m.CPU / (ofCores * float64(m.Cores))}}
	r := &Rehearsal{Minutes: lasting.Minutes(), Viewers: tidy(viewers), PlayersPerAgent: m.Players, Machine: m.Source,
		RequestsOnly: Heads{RPS: tidy(rps)}, FullBody: Full{BPS: tidy(bps)}}
	r.RequestsOnly.Agents, r.RequestsOnly.By = most(needs)
	r.FullBody.Agents, r.FullBody.By = most(append(needs, need{"network", bps / (ofNetwork * m.BPS)}))
	r.Agents = r.FullBody.Agents
	r.FullBody.Cost = q.rehearsed(1)
	r.RequestsOnly.Cost = q.rehearsed(q.playlists())
	if q.Plan.Channel.Edge.Shield {
		r.Note = "AWS asks for load tests without Origin Shield"
	}
	return r
}

// need is how many machines something takes.
type need struct {
	what string
	n    float64
}

func most(needs []need) (agents int, by string) {
	x := slices.MaxFunc(needs, func(a, b need) int {
		switch {
		case a.n < b.n:
			return -1
		case a.n > b.n:
			return 1
		}
		return 0
	})
	return max(1, int(math.Ceil(min(x.n, 1e9)))), x.what
}

// rehearsed is the cost of the busiest minute for as long as a rehearsal lasts, with a part of its bytes.
func (q *Question) rehearsed(bytes float64) Range {
	top, n := &q.Forecast.Minutes[q.Forecast.Busiest], lasting.Seconds()
	t := traffic{}
	for _, r := range top.Regions {
		t.bytes, t.requests = append(t.bytes, r.Bits/8*n*bytes), append(t.requests, r.Edge*n)
	}
	c := q.bill(q.edge(&t))
	return Range{c.Low, c.High}
}

// playlists is the part of the bytes in the steady state that are of playlists: those a rehearsal without
// bodies reads, too.
func (q *Question) playlists() float64 {
	rates := make([]kernel.Rate, len(q.Kernel.Classes))
	for i := range q.Kernel.Cohorts {
		kernel.Add(rates, q.Kernel.Cohorts[i].Steady, q.Plan.Cohorts[i].Share)
	}
	all, of := 0.0, 0.0
	for i, c := range q.Kernel.Classes {
		all += rates[i].Bytes
		if c.Kind == m3u8.KindMultivariant || c.Kind == m3u8.KindMedia {
			of += rates[i].Bytes
		}
	}
	if all <= 0 {
		return 0
	}
	return of / all
}
