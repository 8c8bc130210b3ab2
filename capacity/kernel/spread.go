package kernel

// Spread is when viewers ask for a segment, by the time since the first of them did.
type Spread struct {
	ages [ageSteps]float64
}

// Step is the length of the steps of [Spread.Left], in seconds.
const Step = float64(ageStep) / 1e9

func (s *Spread) add(o *Spread) {
	for i, age := range o.ages {
		s.ages[i] += age
	}
}

// total is how many requests there are.
func (s *Spread) total() (n float64) {
	for _, a := range s.ages {
		n += a
	}
	return n
}

// Early is the share of the requests a second that come within half a second after the first
// one; 0 without requests.
func (s *Spread) Early() float64 {
	const within = 5
	n := 0.0
	for _, a := range s.ages[:within] {
		n += a
	}
	if all := s.total(); all > 0 {
		return n / all / (within * Step)
	}
	return 0
}

// Lasts is the seconds until all but one in a hundred have asked.
func (s *Spread) Lasts() float64 {
	left := s.Left()
	for i := range left {
		if left[i] <= 0.01 {
			return float64(i) * Step
		}
	}
	return float64(len(left)) * Step
}

// Left is the share that has not asked yet at the middle of each [Step] after the first request. It ends
// where nothing is left.
func (s *Spread) Left() (left []float64) {
	all := s.total()
	if all == 0 {
		return nil
	}
	rest := all
	for _, a := range s.ages {
		left = append(left, (rest-a/2)/all)
		if rest -= a; rest <= 0 {
			break
		}
	}
	return left
}
