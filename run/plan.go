package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/audience"
	streams "hlsload/player/stream"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/stage"
)

// plan is what an agent gets to do.
type plan struct {
	Name     string `json:"name"` // of the agent
	Run      string `json:"run"`  // id, which begins the session ids of CMCD
	Agents   int    `json:"agents"`
	Agent    int    `json:"agent"`
	Channel  *edges `json:"channel,omitempty"` // of an embedded channel
	Sums     bool   `json:"sums,omitempty"`    // reports have all that metrics show
	Scenario []byte `json:"scenario"`          // see [scenarios.Bundle]
}

// edges are the base URLs of the POPs of an embedded channel.
type edges struct {
	Main []string `json:"main"`
	Twin []string `json:"twin,omitempty"` // of the undisturbed one
}

// maxPops bounds the edges of a plan.
const maxPops = 4096

func (p *plan) encode() ([]byte, error) { return json.Marshal(p) }

// readPlan reads a plan, which comes from outside.
func readPlan(b []byte) (p plan, err error) {
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	if p.Agents < 1 || p.Agents > audience.SlotCount || p.Agent < 0 || p.Agent >= p.Agents {
		return p, fmt.Errorf("read the plan: agent %d of %d (want one of 1 to %d)", p.Agent, p.Agents, audience.SlotCount)
	}
	if err := p.Channel.check(); err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	return p, nil
}

// check returns the error of edges that cannot be those of an embedded channel.
func (e *edges) check() error {
	if e == nil {
		return nil
	}
	if n := len(e.Main); n == 0 || n > maxPops || len(e.Twin) != 0 && len(e.Twin) != n {
		return fmt.Errorf("a channel of %d and %d edges (want 1 to %d, and as many undisturbed ones or none)", len(e.Main), len(e.Twin), maxPops)
	}
	seen := map[string]bool{}
	for _, at := range slices.Concat(e.Main, e.Twin) {
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "http" || u.Port() == "" || at != "http://"+u.Host || seen[at] {
			return fmt.Errorf("edge %.80q (want http://HOST:PORT, each once)", at)
		}
		seen[at] = true
	}
	return nil
}

func (p *plan) share() share { return share{p.Agent, p.Agents} }

// measuring is what a collector of a run measures, without its target.
func measuring(sc *scenarios.Scenario, faults []chaos.Fault) record.Config {
	return stage.Measure(sc, reports.ModeRun, faults, time.Time{})
}

// watchChannel makes players watch an embedded channel at the edges; main names its playlists.
func (g *ground) watchChannel(main *rig.Rig, at *edges) error {
	cohorts := g.sc.Fleet.Audience.Cohorts
	for i := range cohorts {
		if cohorts[i].FaultsNone && len(at.Twin) == 0 {
			return errors.New("the channel has no undisturbed edges, and a cohort has faults: none (want the same build everywhere)")
		}
	}
	t := &g.target
	t.channel = main
	t.urls = append(append(t.urls, at.Main...), at.Twin...)
	t.url = func(a *audience.Arrival) string {
		all := at.Main
		if cohorts[a.Cohort].FaultsNone {
			all = at.Twin
		}
		return all[a.PopOf(len(all))] + main.Entry(int(a.Entry))
	}
	t.classify = func(u string) int { // -1 = unknown
		if id, ok := main.Parse(streams.Path(u)); ok {
			return id.Pipeline
		}
		return -1
	}
	t.rewriting = g.sc.Target.Rig.Rewriting(g.faults)
	t.rewriting.Place = streams.Path
	return nil
}
