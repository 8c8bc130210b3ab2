package player

import "hlsload/player/m3u8"

// playlistsFirstListed loads the playlist of the first listed variant, then that of the
// first level.
type playlistsFirstListed struct {
	oneByOne `yaml:"-"`
}

func (*playlistsFirstListed) begin(p *Player) { p.startAt(p.ladder.FirstLevel) }

func (*playlistsFirstListed) listed(p *Player, _ *m3u8.Media) { p.startAt(p.firstLevel()) }
