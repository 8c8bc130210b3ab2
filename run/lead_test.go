package run

import (
	"slices"
	"testing"
	"time"

	"hlsload/reports/measure"
	"hlsload/run/crew/protocol"
)

func TestHaltLine(t *testing.T) {
	order := &protocol.Order{Mode: protocol.Now, Reason: "halted by the user"}
	for _, tc := range []struct {
		halt protocol.HaltResult
		loss bool
		want string
	}{
		{protocol.HaltResult{}, false, ""},
		{protocol.HaltResult{Order: &protocol.Order{Mode: protocol.Drain}}, false, ""},
		{protocol.HaltResult{Order: order, Asked: 2, Slowest: 2 * time.Millisecond, Who: "2"}, false, "halt (halted by the user): all 2 agents acknowledged it, the last after 2 ms (agent 2)"},
		{protocol.HaltResult{Order: order, Asked: 2, Slowest: 2 * time.Millisecond, Who: "2"}, true, ""},
		{protocol.HaltResult{Order: order, Asked: 3, Slowest: time.Second, Who: "2", Unanswered: []string{"1"}}, true, "halt (halted by the user): 2 of 3 agents acknowledged it, the last after 1000 ms (agent 2); without an answer: 1"},
		{protocol.HaltResult{Order: order, Asked: 1, Unanswered: []string{"1"}}, false, "halt (halted by the user): no agent acknowledged it; without an answer: 1"},
	} {
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		if got := haltLine(&tc.halt, tc.loss); !slices.Equal(got, want) {
			t.Errorf("%+v: %q; want %q", tc.halt, got, want)
		}
	}
}

// What is known of how an agent's process ended is part of why it was lost.
func TestExplain(t *testing.T) {
	r := &live{cfg: &Config{Crew: &Crew{Ended: func(agent string) string { return map[string]string{"a": "its process ended: signal: killed"}[agent] }}}}
	agents := []measure.Agent{{Name: "a", Lost: "not heard for 3s"}, {Name: "b", Lost: "not heard for 3s"}, {Name: "c"}, {Name: "a", Lost: "its process ended: signal: killed"}}
	r.explain(agents)
	if agents[0].Lost != "not heard for 3s; its process ended: signal: killed" || agents[1].Lost != "not heard for 3s" || agents[2].Lost != "" || agents[3].Lost != "its process ended: signal: killed" {
		t.Errorf("%+v", agents)
	}
}
