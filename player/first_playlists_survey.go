package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// playlistsSurvey loads all playlists and some segments of each, one after the other, and
// plays the first level with the sound of the first listed variant that has any.
type playlistsSurvey struct {
	oneByOne `yaml:"-"`
	Samples  int `yaml:"samples"` // segments of each
	// Reloads is how often a playlist is loaded again if none of its segments can be
	// loaded; then the session ends. 0 = it is left out.
	Reloads int `yaml:"reloads"`
	// Twice asks once more for a playlist that was answered with an error, if another one was loaded before.
	Twice bool `yaml:"twice"`
	// Analyze is how far into the presentation it looks where the first segments of a rendition
	// cannot be loaded: one that begins later is not played if another one is there; 0 = it is.
	Analyze units.Duration `yaml:"analyze"`
}

func (s *playlistsSurvey) Limits(l *policy.Limits) {
	policy.Within(l, "samples", &s.Samples, 1, 3)
	policy.Within(l, "reloads", &s.Reloads, 0, 1e6)
	l.Duration("analyze", &s.Analyze, 0, time.Minute)
}

func (s *playlistsSurvey) begin(p *Player) {
	p.survey = &survey{lists: make([]*m3u8.Media, len(p.ladder.Renditions)), from: make([]uint64, len(p.ladder.Renditions)), samples: s.Samples, reloads: s.Reloads, twice: s.Twice, analyze: time.Duration(s.Analyze)}
}

func (*playlistsSurvey) firstSound() bool { return true }
