package answer

import (
	"fmt"
	"strings"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
	"hlsload/reports/figure"
)

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
	// AgentsCost is the part of the cost that the machines have, if what an hour of one costs is known.
	AgentsCost float64 `json:"agents_cost"`
}

// Heads is one that asks for segments with HEAD.
type Heads struct {
	Agents int     `json:"agents"`
	By     string  `json:"by"`
	RPS    float64 `json:"rps"`
	Cost   Range   `json:"cost"`

	AgentsCost float64 `json:"agents_cost"`
}

// Range is a cost.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

func (r Range) plus(x float64) Range { return Range{money(r.Low + x), money(r.High + x)} }

// lasting is how long a rehearsal is, for its cost.
const lasting = 10 * time.Minute

// rehearsal counts machines for the busiest minute and the worst fault.
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
	r := &Rehearsal{Minutes: lasting.Minutes(), Viewers: tidy(viewers), PlayersPerAgent: m.Players, Machine: m.Source,
		RequestsOnly: Heads{RPS: tidy(rps)}, FullBody: Full{BPS: tidy(bps)}}
	r.RequestsOnly.Agents, r.RequestsOnly.By = m.Agents(viewers, rps, 0)
	r.FullBody.Agents, r.FullBody.By = m.Agents(viewers, rps, bps)
	r.Agents = r.FullBody.Agents
	r.FullBody.AgentsCost, r.RequestsOnly.AgentsCost = money(m.cost(r.FullBody.Agents, lasting)), money(m.cost(r.RequestsOnly.Agents, lasting))
	r.FullBody.Cost = q.rehearsed(1).plus(r.FullBody.AgentsCost)
	r.RequestsOnly.Cost = q.rehearsed(q.playlists()).plus(r.RequestsOnly.AgentsCost)
	var notes []string
	if m.Price > 0 {
		notes = append(notes, fmt.Sprintf("the agents' own cost is in it: %s %s with full bodies, %s for requests only", q.Event.Prices.Currency, figure.Money(r.FullBody.AgentsCost), figure.Money(r.RequestsOnly.AgentsCost)))
	}
	if q.Plan.Channel.Edge.Shield {
		notes = append(notes, ShieldNote)
	}
	r.Note = strings.Join(notes, "; ")
	return r
}

// ShieldNote is what to know before a load test of a distribution with Origin Shield.
const ShieldNote = "AWS asks for load tests without Origin Shield"

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
