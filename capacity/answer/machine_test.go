package answer

import (
	"strings"
	"testing"
	"time"

	"hlsload/scenarios"
)

// TestAgents: the scarcest of players, CPU and network says how many machines it takes.
func TestAgents(t *testing.T) {
	m := Machine{Cores: 4, Players: 1000, CPU: 1e-3, BPS: 1e9}
	for _, tc := range []struct {
		viewers, rps, bps float64
		n                 int
		by                string
	}{
		{0, 0, 0, 1, "players"},
		{1000, 0, 0, 1, "players"},
		{1001, 0, 0, 2, "players"},
		{1001, 6001, 0, 4, "cpu"}, // 2 of 4 cores are used
		{1001, 6001, 7e9, 10, "network"},
		{1e30, 0, 0, 1e9, "players"},
	} {
		if n, by := m.Agents(tc.viewers, tc.rps, tc.bps); n != tc.n || by != tc.by {
			t.Errorf("%+v: %d by %s", tc, n, by)
		}
	}
}

// TestPriceOfAgents: what an hour of a machine costs is in the cost of a rehearsal.
func TestPriceOfAgents(t *testing.T) {
	without := questionOf(t, eventOf(t, million))
	free, err := Of(without)
	if err != nil {
		t.Fatal(err)
	}
	q := questionOf(t, eventOf(t, million))
	q.Machine = MachineOf(&scenarios.Machine{Cores: 2, Players: 5000, CPU: 50 * time.Microsecond, Network: 10e9, NetworkAssumed: true, PricePerHour: 0.6, Source: "our lab", Seen: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)})
	a, err := Of(q)
	if err != nil {
		t.Fatal(err)
	}
	r, was := a.Rehearsal, free.Rehearsal
	if r.Agents != was.Agents || r.Machine != "our lab, 2026-12-01; the network is assumed" {
		t.Errorf("%d agents of %s; want %d", r.Agents, r.Machine, was.Agents)
	}
	full, heads := 0.1*float64(r.FullBody.Agents), 0.1*float64(r.RequestsOnly.Agents) // ten minutes
	near(t, "agents", r.FullBody.AgentsCost, full, 1e-9)
	near(t, "agents for requests", r.RequestsOnly.AgentsCost, heads, 1e-9)
	near(t, "full bodies", r.FullBody.Cost.Low, was.FullBody.Cost.Low+full, 1e-9)
	near(t, "requests", r.RequestsOnly.Cost.High, was.RequestsOnly.Cost.High+heads, 1e-9)
	if !strings.HasPrefix(r.Note, "the agents' own cost is in it: USD ") || !strings.Contains(r.Note, "; AWS asks for load tests without Origin Shield") || was.Note != ShieldNote || was.FullBody.AgentsCost != 0 {
		t.Errorf("note %q, without a price %q", r.Note, was.Note)
	}
}
