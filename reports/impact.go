package reports

// impactKey says whom an impact is about.
type impactKey struct {
	occ             int32
	cohort, profile int16
	during          bool // joined during the window
}

// impact is what an occurrence did to the affected sessions of a cohort and
// profile.
type impact struct {
	affected, unfinished int64
	outcomes             [outcomes]int64
	flapped, fatal       int64
	steps, probes        int64
	detection, failover  Histogram // onset to it
	undetected, unmoved  int64     // without it
	outage               Histogram
	cutOff               int64 // outages that lasted longer than was seen
	skipped, repeated    Histogram
}

// add merges o.
func (n *impact) add(o *impact) {
	n.affected += o.affected
	n.unfinished += o.unfinished
	for i := range o.outcomes {
		n.outcomes[i] += o.outcomes[i]
	}
	n.flapped += o.flapped
	n.fatal += o.fatal
	n.steps += o.steps
	n.probes += o.probes
	n.detection.Merge(&o.detection)
	n.failover.Merge(&o.failover)
	n.undetected += o.undetected
	n.unmoved += o.unmoved
	n.outage.Merge(&o.outage)
	n.cutOff += o.cutOff
	n.skipped.Merge(&o.skipped)
	n.repeated.Merge(&o.repeated)
}
