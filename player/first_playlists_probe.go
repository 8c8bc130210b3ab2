package player

import "hlsload/player/m3u8"

// playlistsProbe loads the playlist of the first level and looks into its middle segment
// before anything else, unless closed captions are announced, or their absence: of fMP4
// together with its initialization section, and two more segments after it.
type playlistsProbe struct {
	oneByOne `yaml:"-"`
}

func (*playlistsProbe) listed(p *Player, m *m3u8.Media) { p.probe(m) }
