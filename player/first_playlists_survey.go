package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// playlistsSurvey loads all playlists and some segments of each, one after the other, and
// plays the first level with the sound of the first listed variant that has any.
type playlistsSurvey struct {
	Samples int `yaml:"samples"` // segments of each
	// Reloads is how often a playlist is loaded again if none of its segments can be
	// loaded; then the session ends. 0 = it is left out.
	Reloads int `yaml:"reloads"`
}

func (s *playlistsSurvey) Limits(l *policy.Limits) {
	policy.Within(l, "samples", &s.Samples, 1, 3)
	policy.Within(l, "reloads", &s.Reloads, 0, 1e6)
}

func (s *playlistsSurvey) begin(p *Player) {
	p.survey = &survey{lists: make([]*m3u8.Media, len(p.ladder.Renditions)), samples: s.Samples, reloads: s.Reloads}
}

func (*playlistsSurvey) listed(*Player, *m3u8.Media) {}
func (*playlistsSurvey) firstSound() bool            { return true }
