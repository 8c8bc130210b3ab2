package player

import "hlsload/player/policy"

// staleMisses counts reloads that brought nothing new.
type staleMisses struct {
	Misses int      `yaml:"misses"` // in a row; 0 = never
	Then   Recovery `yaml:"then"`   // steps, tried in order
}

func (s *staleMisses) Limits(l *policy.Limits) {
	policy.Within(l, "misses", &s.Misses, 0, 1e6)
	limitSteps(l, &s.Then)
}

func (s *staleMisses) found(_ *Player, _ flight, t *track, _ bool) bool {
	return s.Misses > 0 && int(t.misses) >= s.Misses
}

func (s *staleMisses) then() Recovery { return s.Then }
