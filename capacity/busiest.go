package capacity

import "time"

// Viewers is how many watch at an instant: none before the curve, and after it as many as at its end.
func (p *Plan) Viewers(at time.Duration) float64 {
	n, _ := p.viewers(at)
	return n
}

// Busiest is the minute in which most is asked for, and how many join a second in its mean, by the curve
// alone: one that joins asks for as much as a viewer does in so many seconds. [Predict] knows better.
func (p *Plan) Busiest(join time.Duration) (at time.Duration, joins float64) {
	const step = 5 * time.Second
	first, last, most := p.Curve[0].At, p.Curve[len(p.Curve)-1].At, -1.0
	for from := first; from < last; from += time.Minute {
		asked, joined, n := 0.0, 0.0, 0.0
		for t := from; t < min(from+time.Minute, last); t += step {
			middle := t + min(step, last-t)/2
			viewers, _ := p.viewers(middle)
			j := p.joins(middle)
			asked, joined, n = asked+viewers+j*join.Seconds(), joined+j, n+1
		}
		if asked /= n; asked > most {
			most, at, joins = asked, from, joined/n
		}
	}
	return at, joins
}
