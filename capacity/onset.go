package capacity

import (
	"cmp"
	"slices"
	"time"

	"hlsload/capacity/kernel"
	"hlsload/chaos"
)

// onset is faults that begin at the same time, to the second: one, or several of them.
type onset struct {
	name   string
	after  time.Duration // the first onset of all
	faults []int         // of the plan
}

// flushes reports whether an onset has a fault that empties the caches.
func (o *onset) flushes(p *Plan) bool {
	return slices.ContainsFunc(o.faults, func(i int) bool { return p.Faults[i].Kind == chaos.EdgeFlush })
}

// courses are the faults that are simulated together, each with its onsets in order of time.
func (p *Plan) courses() (all [][]onset) {
	if !p.Together {
		for i := range p.Faults {
			all = append(all, []onset{{name: p.Faults[i].Name, faults: []int{i}}})
		}
		return all
	}
	var one []onset
	for _, i := range p.inOrder() {
		f, after := &p.Faults[i], p.after(i)
		if n := len(one); n > 0 && after < one[n-1].after+time.Second {
			one[n-1].faults, one[n-1].name = append(one[n-1].faults, i), one[n-1].name+" + "+f.Name
			continue
		}
		one = append(one, onset{f.Name, after, []int{i}})
	}
	if one == nil {
		return nil
	}
	return [][]onset{one}
}

// after is how long after the first fault another one begins.
func (p *Plan) after(i int) time.Duration {
	if !p.Together {
		return 0
	}
	return p.Faults[i].At - p.Faults[p.inOrder()[0]].At
}

// inOrder are the indices of the faults by their start.
func (p *Plan) inOrder() []int {
	order := make([]int, len(p.Faults))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Faults[a].At, p.Faults[b].At) })
	return order
}

// Last is how long after the first fault the last one begins.
func (p *Plan) Last() (after time.Duration) {
	for _, course := range p.courses() {
		after = max(after, course[len(course)-1].after)
	}
	return after
}

// faults are those of a sample, as they are put into the simulation, with the onsets after the first one
// and the end of all of them. What stays as it is for longer than a while is cut short. The players of a
// surge are as many as in the event, in proportion.
func (p *Plan) faults(s Sample) (faults []chaos.Fault, then []kernel.Onset, end time.Duration) {
	if s.Fault < 0 {
		return nil, nil, 0
	}
	course := p.courses()[s.Fault]
	for i, o := range course {
		marks := uint64(0)
		for _, k := range o.faults {
			f := p.simulated(k, s)
			f.At, f.Rule = p.after(k), len(faults)
			marks |= uint64(chaos.Mark(f.Rule))
			faults = append(faults, f)
		}
		if i > 0 {
			then = append(then, kernel.Onset{Name: o.name, At: o.after, Marks: marks})
		}
	}
	cut := shortened(faults)
	for i := range faults {
		f := &faults[i]
		begins := cut(f.At)
		f.For = cut(f.At+f.For) - begins
		f.At = begins
		end = max(end, f.At+f.For+f.Over+afterward)
	}
	for i := range then {
		then[i].At = cut(then[i].At)
	}
	return faults, then, end
}

// simulated is a fault of the plan as a simulation can have it.
func (p *Plan) simulated(i int, s Sample) chaos.Fault {
	f := p.Faults[i]
	f.Occurrence, f.Via = 1, chaos.ViaRig
	if !slices.Contains(f.Kind.Spec().Vias, chaos.ViaRig) {
		f.Via = chaos.ViaViewer
	}
	if f.For == 0 && !f.Kind.Spec().Instant {
		f.For = longest // open until the end
	}
	if f.Players > 0 {
		f.Players = max(1, int(float64(f.Players)*float64(s.Players)/p.peak()))
	}
	return f
}

// shortened makes of the time since the first onset that of a simulation, in which nothing stays as it is
// for longer than a while: by then the viewers have done what they do.
func shortened(faults []chaos.Fault) func(time.Duration) time.Duration {
	var at []time.Duration
	for i := range faults {
		at = append(at, faults[i].At, faults[i].At+faults[i].For)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	return func(t time.Duration) (out time.Duration) {
		for i := range at[1:] {
			if at[i] < t {
				out += min(at[i+1]-at[i], longest)
			}
		}
		return out
	}
}
