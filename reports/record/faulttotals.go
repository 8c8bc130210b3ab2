package record

import "hlsload/reports"

// impactKey says whom an impact is about.
type FaultKey struct {
	Occurrence      int32
	Cohort, Profile int16
	During          bool // joined during the window
}

// impact is what an occurrence did to the affected sessions of a cohort and
// profile.
type FaultTotals struct {
	Affected, Unfinished int64
	Outcomes             [outcomes]int64
	Flapped, Fatal       int64
	Steps, Probes        int64
	Detection, Failover  reports.Histogram // onset to it
	Undetected, Unmoved  int64             // without it
	Outage               reports.Histogram
	CutOff               int64 // outages that lasted longer than was seen
	Skipped, Repeated    reports.Histogram
}

// add merges o.
func (n *FaultTotals) Add(o *FaultTotals) {
	n.Affected += o.Affected
	n.Unfinished += o.Unfinished
	for i := range o.Outcomes {
		n.Outcomes[i] += o.Outcomes[i]
	}
	n.Flapped += o.Flapped
	n.Fatal += o.Fatal
	n.Steps += o.Steps
	n.Probes += o.Probes
	n.Detection.Merge(&o.Detection)
	n.Failover.Merge(&o.Failover)
	n.Undetected += o.Undetected
	n.Unmoved += o.Unmoved
	n.Outage.Merge(&o.Outage)
	n.CutOff += o.CutOff
	n.Skipped.Merge(&o.Skipped)
	n.Repeated.Merge(&o.Repeated)
}
