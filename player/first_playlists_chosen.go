package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// playlistsChosen loads the playlist of the first level.
type playlistsChosen struct{}

func (*playlistsChosen) Limits(*policy.Limits) {}

func (*playlistsChosen) begin(p *Player)             { p.startAt(p.firstLevel()) }
func (*playlistsChosen) listed(*Player, *m3u8.Media) {}
func (*playlistsChosen) firstSound() bool            { return false }
