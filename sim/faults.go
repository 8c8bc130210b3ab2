package sim

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player"
)

// conduct tells the conductor and carries out its orders; in virtual time every
// order is answered at once.
func (s *sim) conduct(seen chaos.Observation) {
	orders := s.conductor.Step(s.now, seen, nil)
	for i := 0; i < len(orders); i++ {
		o := orders[i]
		ob := chaos.Observation{ID: o.ID, OK: true}
		switch o.Type {
		case chaos.OrderApply:
			ob.Type = chaos.Applied
			if err := s.apply(o.Fault); err != nil {
				ob.Err = err.Error()
			}
		case chaos.OrderLook:
			ob.Type = chaos.Bites
			ob.OK, ob.Detail = s.bites(o.Fault)
		case chaos.OrderUndo:
			ob.Type = chaos.Undone
			s.undo(o.Fault)
		case chaos.OrderLookUndone:
			ob.Type = chaos.Healthy
			if o.Fault.Via == chaos.ViaRig {
				ob.OK, ob.Detail = s.rig.Healthy(s.now, o.Fault)
			}
		case chaos.OrderStop:
			s.stopped = true
			return
		}
		orders = s.conductor.Step(s.now, ob, orders)
	}
	s.conductAt = max(time.Duration(s.conductor.Wake()), s.now)
}

func (s *sim) apply(f *chaos.Fault) error {
	kind := f.Kind.Spec()
	switch kind.Part {
	case chaos.PartAudience:
		// Those who leave at the onset were watching then.
		err := s.onset(f)
		if err == nil {
			f.Gather(s)
		}
		return err
	case chaos.PartUnknown:
		return fmt.Errorf("%s: a simulation cannot run programs", f.Name)
	default:
		s.setPlan(s.plan.With(f, s.now), f)
		if kind.Instant {
			s.setPlan(s.plan.Without(f, s.now), f)
		}
	}
	return s.onset(f)
}

// onset says that a fault is on.
func (s *sim) onset(f *chaos.Fault) error {
	return s.cfg.Collector.FaultApplied(f.Rule, f.Occurrence, s.now, s.cfg.Collector.Usual())
}

func (s *sim) undo(f *chaos.Fault) {
	s.setPlan(s.plan.Without(f, s.now), f)
	// It was applied, so the collector knows it.
	_ = s.cfg.Collector.FaultCleared(f.Rule, f.Occurrence, s.now)
}

// setPlan changes the plan and lets everything that f concerns notice.
func (s *sim) setPlan(p *chaos.Plan, f *chaos.Fault) {
	s.plan = p
	s.rig.SetPlan(p)
	if f.Kind.Spec().Part != chaos.PartLink {
		return
	}
	for _, l := range s.lanes {
		for i := range l.seats.n {
			if st := l.seats.at(i); st.taken && !st.control {
				l.linkFaults(st)
				l.settle(st)
			}
		}
	}
}

// linkFaults brings the faults of a viewer's link up to date; they mark every
// request that is in flight.
func (s *lane) linkFaults(st *seat) {
	if st.control || s.plan.Quiet() && !st.faulty {
		return
	}
	t := chaos.NewThing(0, chaos.Any)
	t.By(s.cfg.Audience.Cohorts[st.arrival.Cohort].Name, st.arrival.Player, st.arrival.At)
	down, extra, cut, marks := s.plan.Link(s.now, &t)
	s.bitten |= marks
	for n := st.flights; n != 0; {
		f := s.flights.at(n - 1)
		f.marks |= marks
		n = f.next
	}
	if faulty := marks != 0; faulty || st.faulty {
		st.link.SetFault(s.now, down, extra, cut)
		st.faulty = faulty
	}
}

// bites reports whether a fault shows.
func (s *sim) bites(f *chaos.Fault) (bool, string) {
	if f.Via == chaos.ViaRig {
		return s.rig.Bites(s.now, f)
	}
	for _, l := range s.lanes {
		if l.bitten.Has(f.Rule) {
			return true, "answers were changed"
		}
	}
	return false, "no answer was changed yet"
}

// Surge lets more viewers arrive.
func (s *sim) Surge(players int, over time.Duration) {
	s.audience.Surge(s.now, players, over)
}

// Reconnect lets a share of the viewers leave and rejoin at once.
func (s *sim) Reconnect(ordinal uint64, share float64, cohort string) {
	for _, l := range s.lanes {
		l.reconnect(ordinal, share, cohort)
	}
}

func (s *lane) reconnect(ordinal uint64, share float64, cohort string) {
	for i := range s.seats.n { // of now: those that come back may take new seats
		st := s.seats.at(i)
		if !st.taken || st.control || cohort != "" && cohort != s.cfg.Audience.Cohorts[st.arrival.Cohort].Name {
			continue
		}
		back, ok := s.audience.Reconnect(s.now, st.arrival, ordinal, share)
		if !ok || back.At < s.now || st.arrival.At == s.now {
			continue
		}
		st.breaks = true
		s.keepCaution(back, st)
		s.step(st, &player.Event{Type: player.Leave})
		s.later(back)
	}
}
