package trend

import (
	"time"
)

// most is how many points a series keeps: of a day, one each 21 s.
const most = 4096

// Series takes values while a run goes on, in bounded memory: when it is full, every second point
// goes, and from then on every second value is left out.
type Series struct {
	points []Point
	every  int // of the values that come, one is kept
	came   int
}

// Add takes a value. Instants must not go back.
func (s *Series) Add(at time.Duration, value float64) {
	s.every = max(s.every, 1)
	if s.came++; (s.came-1)%s.every != 0 {
		return
	}
	if len(s.points) == most {
		for i := range most / 2 {
			s.points[i] = s.points[2*i]
		}
		s.points = s.points[:most/2]
		if s.every *= 2; (s.came-1)%s.every != 0 {
			return
		}
	}
	s.points = append(s.points, Point{at, value})
}

// Points are those that were kept.
func (s *Series) Points() []Point { return s.points }

// Medians joins points from an instant on to medians of stretches of a length. A stretch with
// fewer than half as many points as the fullest one is left out.
func Medians(points []Point, from, each time.Duration) (medians []Point) {
	var stretches [][]float64
	fullest := 0
	for _, p := range points {
		if p.At < from {
			continue
		}
		i := int((p.At - from) / each)
		for i >= len(stretches) {
			stretches = append(stretches, nil)
		}
		stretches[i] = append(stretches[i], p.Value)
		fullest = max(fullest, len(stretches[i]))
	}
	for i, values := range stretches {
		if n := len(values); n > 0 && 2*n >= fullest {
			medians = append(medians, Point{from + time.Duration(i)*each + each/2, median(values)})
		}
	}
	return medians
}
