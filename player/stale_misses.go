package player

import "hlsload/player/policy"

// StaleMisses counts reloads that brought nothing new.
type StaleMisses struct {
	Misses int      `yaml:"misses"` // in a row; 0 = never
	Then   Recovery `yaml:"then"`   // steps, tried in order
}

func (s *StaleMisses) Limits(l *policy.Limits) {
	policy.Within(l, "misses", &s.Misses, 0, 1e6)
	limitRecovery(l, "then", &s.Then)
}

func (s *StaleMisses) found(_ *Player, _ flight, t *track, _ bool) bool {
	return s.Misses > 0 && int(t.misses) >= s.Misses
}

func (s *StaleMisses) then() Recovery { return s.Then }
