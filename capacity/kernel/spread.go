package kernel

import "time"

// Spread is when viewers ask for a segment, by the time since the first of them did.
type Spread struct {
	ages [ageSteps]float64
	came [cameSteps]float64 // without those that were the first
}

// Step is the length of the steps of [Spread.Left], in seconds.
const Step = float64(ageStep) / 1e9

// Came is what has come by the end of each [Tick] after the first request, as a share of them all.
type Came []float64

// Tick is the length of the steps of [Came], in seconds, and cameSteps how many there are.
const (
	Tick      = float64(tick) / 1e9
	cameSteps = 100
)

// aged counts a request that comes so long after the first one.
func (s *Spread) aged(age time.Duration) {
	s.ages[min(int(age/ageStep), ageSteps-1)]++
	if i := int(age / tick); age > 0 && i < cameSteps {
		s.came[i]++
	}
}

// add adds by times another.
func (s *Spread) add(o *Spread, by float64) {
	for i, age := range o.ages {
		s.ages[i] += by * age
	}
	for i, n := range o.came {
		s.came[i] += by * n
	}
}

// Spread is that of an audience with such shares of the cohorts.
func (k *Kernel) Spread(shares []float64) (s Spread) {
	for i := range k.Cohorts {
		if of := &k.Cohorts[i].spread; of.total() > 0 {
			s.add(of, shares[i]/of.total())
		}
	}
	return s
}

// total is how many requests there are.
func (s *Spread) total() (n float64) {
	for _, a := range s.ages {
		n += a
	}
	return n
}

// Came is how soon after the first one they come; nil without requests.
func (s *Spread) Came() Came {
	all, sum := s.total(), 0.0
	if all == 0 {
		return nil
	}
	out := make(Came, cameSteps)
	for i, n := range s.came {
		sum += n
		out[i] = sum / all
	}
	return out
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
		if rest -= a; rest <= 1e-9*all {
			break
		}
	}
	return left
}
