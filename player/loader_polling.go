package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// loaderPolling looks for new segments from time to time, once it has loaded
// everything that is listed (Shaka streaming_engine).
type loaderPolling struct {
	besides `yaml:"-"`
	Every   units.Span     `yaml:"every"` // from one look to the next
	Max     units.Duration `yaml:"max"`   // bound of Every; 0 = none
	// LeadIn is how much before the position the first segment of an empty buffer
	// is looked for; up to 10 s.
	LeadIn units.Duration `yaml:"lead_in"`
	// InitBeside asks for an initialization section and the segment that needs
	// it at the same time.
	InitBeside bool `yaml:"init_beside"`
}

func (l *loaderPolling) Limits(m *policy.Limits) {
	m.Span("every", &l.Every, time.Millisecond, time.Hour)
	m.Duration("max", &l.Max, 0, time.Hour)
	m.Duration("lead_in", &l.LeadIn, 0, 10*time.Second)
}

func (*loaderPolling) exhausted(p *Player, t *track) bool {
	t.exhaust(p.now)
	return false
}

func (l *loaderPolling) look(p *Player, t *track) time.Duration {
	every := p.length(&l.Every, MainTrack)
	if l.Max > 0 {
		every = min(every, time.Duration(l.Max))
	}
	if every <= 0 || t.segAt >= p.now {
		return p.now
	}
	return t.segAt + (p.now-t.segAt+every-1)/every*every
}

func (l *loaderPolling) leadIn() time.Duration { return time.Duration(l.LeadIn) }
func (l *loaderPolling) initBeside() bool      { return l.InitBeside }
