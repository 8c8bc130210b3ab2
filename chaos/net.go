package chaos

import "time"

// Faults of a viewer's link.
var linkKinds = []Spec{
	{
		Kind: NetBandwidth, Vias: viewer,
		Doc:       "the viewer's link loses bandwidth",
		Changes:   "bit rate of the link",
		Selectors: fields(byCohort, byShare),
		Params:    fields(down),
		Part:      PartLink, Silent: true, link: narrowed,
	},
	{
		Kind: NetLatency, Vias: viewer,
		Doc:       "the viewer's link gains latency",
		Changes:   "round-trip time of the link",
		Selectors: fields(byCohort, byShare), Params: fields(by("added to the round trip")),
		Part: PartLink, Silent: true, link: lengthened,
	},
	{
		Kind: NetDown, Vias: viewer,
		Doc:       "the viewer's link is cut",
		Changes:   "nothing passes the link",
		Selectors: fields(byCohort, byShare),
		Part:      PartLink, Silent: true, link: cut,
	},
}

var down = Field{Name: "down", Type: "rate", Required: true, Doc: "rate that is left towards the viewer", Says: "down %s",
	of: func(f *Fault) any { return &f.Down },
	wrong: func(f *Fault) string {
		return unless(f.Down > 0, "rate out of range (got %d bit/s; want more than 0; net.down cuts the link)", f.Down)
	}}

// linkFaults is what faults leave of a link.
type linkFaults struct {
	down        int64
	extra       time.Duration
	cut         bool
	marks       Marks
	narrowestBy Marks
}

func narrowed(l linkFaults, f *Fault) linkFaults {
	if l.down == 0 || f.Down < l.down {
		l.down, l.narrowestBy = f.Down, Mark(f.Rule)
	}
	return l
}

func lengthened(l linkFaults, f *Fault) linkFaults {
	l.extra += f.By
	l.marks |= Mark(f.Rule)
	return l
}

func cut(l linkFaults, f *Fault) linkFaults {
	l.cut = true
	l.marks |= Mark(f.Rule)
	return l
}

// Link returns what net.* faults leave of a viewer's link: at most down bit/s
// (0 = as much as before), extra added to the round trip, and whether it is cut
// altogether. The thing needs its viewer only. The narrowest rate holds,
// latencies add up; marks has every fault that had a part.
func (p *Plan) Link(now time.Duration, t *Thing) (down int64, extra time.Duration, cut bool, marks Marks) {
	if p.Quiet() {
		return 0, 0, false, 0
	}
	var l linkFaults
	for i := range p.open {
		w := &p.open[i]
		if w.spec.link != nil && w.From <= now && w.Fault.SelectsViewer(t, p.seed) {
			l = w.spec.link(l, w.Fault)
		}
	}
	return l.down, l.extra, l.cut, l.marks | l.narrowestBy
}
