package stage

import (
	"hlsload/chaos"
	"hlsload/reports/record"
	"hlsload/reports/remedy"
	"hlsload/scenarios"
)

// Explain says why sessions of a scenario lost the picture, and what helps. faults are
// all that are planned.
func Explain(sc *scenarios.Scenario, faults []chaos.Fault) record.Explain {
	return func(f *chaos.Fault, pipelines int, losses []record.Loss) (string, []string) {
		var lost []remedy.Loss
		for i, l := range losses {
			p := sc.Fleet.Profiles[i]
			lost = append(lost, remedy.Loss{Player: p, Name: nameOf(sc, i), Cohort: sc.Fleet.Audience.Cohorts[i].Name,
				Sessions: l.Sessions, Fatal: l.Fatal, AsPredicted: l.AsPredicted})
		}
		return remedy.Explain(f, Stream(sc, f, pipelines, faults), lost)
	}
}

// nameOf is the name of a cohort's player; that of its profile where another profile of
// the fleet has the same one.
func nameOf(sc *scenarios.Scenario, cohort int) string {
	p := sc.Fleet.Profiles[cohort]
	for _, other := range sc.Fleet.Profiles {
		if other.Player == p.Player && other.ID != p.ID {
			return p.ID
		}
	}
	return p.Player
}

// Stream is the stream of a scenario as a fault found it.
func Stream(sc *scenarios.Scenario, f *chaos.Fault, pipelines int, faults []chaos.Fault) *remedy.Stream {
	s := &remedy.Stream{Pipelines: pipelines, Deletes: f.Via == chaos.ViaViewer, Rejoins: sc.Fleet.Audience.Session.Rejoin}
	if c := sc.Target.Rig; c != nil {
		s.Embedded, s.Deletes, s.ErrorTTL, s.Lowest = true, c.Origin.Stale != "none", c.Edge.ErrorTTL, c.Ladder[0].Rate
		for _, r := range c.Ladder {
			s.Lowest = min(s.Lowest, r.Rate)
		}
	}
	for i := range faults {
		o := &faults[i]
		if o.Kind.Spec().Part == chaos.PartInvalidator && o.At < f.At+f.For && f.At < o.At+o.For {
			s.Deletes, s.Prevented = false, s.Deletes || s.Prevented
		}
		if f.Pipeline != chaos.Any && o.Pipeline != chaos.Any && o.Pipeline != f.Pipeline && o.At < f.At && o.At+o.For+remedy.KeptAway > f.At {
			s.Before = true
		}
	}
	return s
}
