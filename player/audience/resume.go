package audience

import "time"

// mostRamp is the longest time in which the viewers of a run come back.
const mostRamp = 5 * time.Minute

// Ramp is how long viewers take to come back when a run goes on after its machine was
// lost: as long as they took to arrive, but at most five minutes.
func (c *Config) Ramp() time.Duration { return min(c.ArrivalsEnd(), mostRamp) }

// Resume is the audience of a run that goes on at an instant: no viewer is there before it,
// then those come who would be there, evenly within [Config.Ramp]. From then on arrivals
// and departures are those that were planned. earlier is how often the run was lost before, plus one.
func (c *Config) Resume(at time.Duration, earlier int) Config {
	r := *c
	settled := at + c.Ramp()
	r.Earlier = earlier
	r.Arrive = Arrive{Stages: []Stage{{To: 0, Over: at}, {To: c.at(settled), Over: settled - at}}}
	for _, p := range c.ramps() {
		if end := p.at + p.over; end > settled {
			r.Arrive.Stages = append(r.Arrive.Stages, Stage{To: p.to, Over: end - max(p.at, settled)})
		}
	}
	return r
}

// at is how many viewers are planned at an instant, as if those of a stage came evenly.
func (c *Config) at(t time.Duration) int {
	n := 0
	for _, r := range c.ramps() {
		switch {
		case t >= r.at+r.over:
			n = r.to
		case t > r.at:
			return r.from + int(float64(r.to-r.from)*(t-r.at).Seconds()/r.over.Seconds())
		}
	}
	return n
}
