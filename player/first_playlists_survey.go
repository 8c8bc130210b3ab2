package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// playlistsSurvey loads all playlists and some segments of each, one after the other, and
// plays the first level with the sound of the first listed variant that has any.
type playlistsSurvey struct {
	Samples int `yaml:"samples"` // segments of each
}

func (s *playlistsSurvey) Limits(l *policy.Limits) { policy.Within(l, "samples", &s.Samples, 1, 3) }

func (s *playlistsSurvey) begin(p *Player) {
	p.survey = &survey{lists: make([]*m3u8.Media, len(p.ladder.Renditions)), samples: s.Samples}
}

func (*playlistsSurvey) listed(*Player, *m3u8.Media) {}
func (*playlistsSurvey) firstSound() bool            { return true }
