package record

import "hlsload/reports"

// FaultKey says which occurrence and which sessions totals are about.
type FaultKey struct {
	Occurrence int32
	Cohort     int16
	During     bool // joined during the window
}

// FaultTotals is what an occurrence did to the affected sessions of a cohort.
type FaultTotals struct {
	Affected, Unfinished int64
	Outcomes             [outcomes]int64
	Flapped, Fatal       int64
	Steps, Probes        int64
	Detection, Failover  reports.Histogram // from onset, or from the first request that met the fault, to the event
	Undetected, Unmoved  int64             // sessions without the event
	Outage               reports.Histogram
	CutOff               int64 // outages that lasted longer than was seen
	Skipped, Repeated    reports.Histogram

	// What is known while the run goes on; the rest is settled later.
	SoFar struct {
		Affected, FailedOver, Healed int64
		Failover                     reports.Histogram // of those that failed over and play
	}
}
