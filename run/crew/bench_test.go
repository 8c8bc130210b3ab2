package crew

import (
	"fmt"
	"testing"
	"time"

	"hlsload/run/crew/protocol"
)

// BenchmarkConductor leads 200 agents that report 1 KB a second, without a bus: the CPU of the
// conductor's own steps in one second of a run, and what the agents send in it.
func BenchmarkConductor(b *testing.B) {
	const agents = 200
	cfg := protocol.ConductorConfig{Run: "r", Nonce: "n", Build: "b", Agents: agents, Alone: true, Draw: draw}
	core, err := protocol.NewConductor(cfg, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	var crew []*protocol.Agent
	byID := map[string]int{}
	for i := range agents {
		id := fmt.Sprint("a", i)
		byID[id] = i
		crew = append(crew, protocol.NewAgent(protocol.AgentConfig{Run: "r", ID: id, Nonce: id, Info: protocol.Info{Name: id, Build: "b"}}))
	}
	var now, used time.Duration
	messages, bytes := 0, 0
	rows := make([]byte, 1000)
	var conduct func(e protocol.Event)
	var work func(i int, e protocol.Event)
	conduct = func(e protocol.Event) {
		began := time.Now()
		acts := core.Step(now, e)
		used += time.Since(began)
		for _, act := range acts {
			switch act := act.(type) {
			case protocol.Send:
				kind, id := protocol.Kind("r", act.Subject)
				if id != "" {
					work(byID[id], protocol.Arrived{Kind: kind, ID: id, Data: act.Data, At: now})
					continue
				}
				for i := range crew {
					work(i, protocol.Arrived{Kind: kind, Data: act.Data, At: now})
				}
			case protocol.Assign:
				shares := make([]protocol.Share, len(act.Members))
				conduct(protocol.Assigned{Shares: shares})
			}
		}
	}
	work = func(i int, e protocol.Event) {
		for _, act := range crew[i].Step(now, e) {
			switch act := act.(type) {
			case protocol.Send:
				messages++
				bytes += len(act.Data)
				kind, id := protocol.Kind("r", act.Subject)
				conduct(protocol.Arrived{Kind: kind, ID: id, Data: act.Data, At: now})
			case protocol.Prepare:
				work(i, protocol.Prepared{})
			case protocol.Measure:
				work(i, protocol.Reported{Report: protocol.Report{Rows: rows}})
			}
		}
	}
	second := func() {
		for range int(time.Second / protocol.Step) {
			now += protocol.Step
			conduct(protocol.Wake{})
			for i := range crew {
				work(i, protocol.Wake{})
			}
		}
	}
	for core.Phase() != protocol.Underway {
		if second(); now > time.Minute {
			b.Fatalf("never began: %+v", core.Result().Exit)
		}
	}
	used, messages, bytes = 0, 0, 0
	for b.Loop() {
		second()
	}
	n := float64(b.N)
	b.ReportMetric(used.Seconds()*1000/n, "conductor-ms/run-s")
	b.ReportMetric(float64(messages)/n, "messages/run-s")
	b.ReportMetric(float64(bytes)/n/1000, "KB/run-s")
	if r := core.Result(); r.Exit.Cause != protocol.None {
		b.Fatalf("%+v", r.Exit)
	}
}
