package audience

import "time"

// Point is how many viewers there are at an instant.
type Point struct {
	At      time.Duration
	Players int
}

// Curve is the stages of an audience that goes in straight lines from one point to the
// next, and keeps the number of the last one. The first point is at 0; each other one is
// later than the one before.
func Curve(points []Point) []Stage {
	var stages []Stage
	var at time.Duration
	for _, p := range points {
		if p == (Point{}) {
			continue // there is no viewer at 0 anyway
		}
		stages = append(stages, Stage{To: p.Players, Over: p.At - at})
		at = p.At
	}
	return stages
}
