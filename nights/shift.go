package nights

// shift is how far the deciles of the sessions have moved.
func (s *series) shift(j *judge) []Quantile { return []Quantile{} }
