package run

import (
	"cmp"
	"fmt"
	"slices"

	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/run/crew/protocol"
)

// gather ends the record of the whole run and joins all parts. It returns what became of
// the agents.
func (r *live) gather(end *measure.End) (part *record.Part) {
	c := &r.crew
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []*delivered{cmp.Or(c.own, &delivered{})}
	if c.agent != nil {
		part = c.agent.finished()
	}
	if part == nil {
		part = r.results.collector.Finish(end.At)
	}
	for i := range c.members {
		if m := &c.members[i]; !m.local && m.part != nil {
			all = append(all, m.part)
		}
	}
	unread := map[string]string{} // agents whose part could not be merged, and why
	for i := range c.members {
		m := &c.members[i]
		switch {
		case m.local || m.lost:
		case m.part == nil:
			unread[m.Info.Name] = "its part could not be read"
		default:
			if err := part.Merge(m.part.part); err != nil {
				unread[m.Info.Name] = err.Error()
			}
		}
	}
	end.CPU, end.RSSPeak, end.Goroutines = cpuTime(), rssPeak(), r.results.goroutines
	for _, a := range all {
		end.CPU += a.CPU
		end.RSSPeak, end.Goroutines = max(end.RSSPeak, a.RSS), max(end.Goroutines, a.leavings.Goroutines)
	}
	if !c.alone {
		end.Agents = c.outcomes(unread)
		r.explain(end.Agents)
		end.Warnings = append(end.Warnings, c.result.Warnings...)
		end.Warnings = append(end.Warnings, haltLine(&c.result.Halt, c.halt != nil && c.halt.lost)...)
		if c.result.Exit.Cause == protocol.Blurred {
			end.Blurred = c.result.Exit.Text
		}
	}
	return part
}

// outcomes are what became of the agents.
func (c *crewing) outcomes(unread map[string]string) (all []measure.Agent) {
	for i := range c.result.Agents {
		a := &c.result.Agents[i]
		m := measure.Agent{Name: a.Info.Name, Players: a.Players, CPU: a.Vitals.CPU, RSSPeak: a.Vitals.RSS, ClockOffset: a.Clock.Ahead, ClockError: a.Clock.Error}
		if i < len(c.members) {
			if c.members[i].local {
				m.CPU, m.RSSPeak, m.ClockOffset, m.ClockError = cpuTime(), rssPeak(), 0, 0
			} else if p := c.members[i].part; p != nil {
				m.CPU, m.RSSPeak = p.CPU, p.RSS
			}
		}
		switch why, ok := unread[m.Name]; {
		case a.Lost != nil:
			m.Lost, m.LostAt = a.Lost.Why, a.Lost.At
		case ok:
			m.Lost, m.LostAt = why, a.Acked
		}
		all = append(all, m)
	}
	return all
}

// explain adds to why agents were lost what is known of how their processes ended.
func (r *live) explain(agents []measure.Agent) {
	if r.cfg.Crew.Ended == nil {
		return
	}
	for i := range agents {
		if a := &agents[i]; a.Lost != "" {
			if how := r.cfg.Crew.Ended(a.Name); how != "" && how != a.Lost {
				a.Lost += "; " + how
			}
		}
	}
}

// haltLine says how fast the agents obeyed a halt. Nothing has to be said of one that a loss
// made and that all others obeyed.
func haltLine(h *protocol.HaltResult, loss bool) (lines []string) {
	if h.Order == nil || h.Order.Mode != protocol.Now || h.Order.Reason == "" || loss && len(h.Unanswered) == 0 {
		return nil
	}
	line := fmt.Sprintf("halt (%s): ", h.Order.Reason)
	switch silent := len(h.Unanswered); {
	case h.Who == "":
		line += "no agent acknowledged it"
	case silent > 0:
		line += fmt.Sprintf("%d of %d agents acknowledged it, the last after %d ms (agent %s)", h.Asked-silent, h.Asked, h.Slowest.Milliseconds(), h.Who)
	default:
		line += fmt.Sprintf("all %d agents acknowledged it, the last after %d ms (agent %s)", h.Asked, h.Slowest.Milliseconds(), h.Who)
	}
	if len(h.Unanswered) > 0 {
		line += "; without an answer: " + listed(h.Unanswered)
	}
	return []string{line}
}

// left is what the agents know at the end beside what they measured, added up. Of their
// warnings those that are known already are left out, and what several say is said once.
func (r *live) left(known []string) (sum leavings) {
	var texts []string
	who := map[string][]string{} // says a text
	defer func() {
		for _, text := range texts {
			of := "agent "
			if len(who[text]) > 1 {
				of = "agents "
			}
			sum.Warnings = append(sum.Warnings, of+listed(who[text])+": "+text)
		}
	}()
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.members {
		m := &c.members[i]
		a := m.part
		if m.local {
			a = c.own
		}
		if a == nil {
			continue
		}
		sum.LocalErrors += a.LocalErrors
		sum.LocalError = cmp.Or(sum.LocalError, a.LocalError)
		for host, n := range a.Withheld {
			if sum.Withheld == nil {
				sum.Withheld = map[string]int64{}
			}
			sum.Withheld[host] += n
		}
		sum.Connections, sum.Addresses = sum.Connections+a.Connections, sum.Addresses+a.Addresses
		for _, w := range a.Warnings {
			switch {
			case slices.Contains(known, w) || slices.Contains(who[w], m.Info.Name):
			case who[w] == nil:
				texts = append(texts, w)
				fallthrough
			default:
				who[w] = append(who[w], m.Info.Name)
			}
		}
	}
	return sum
}
