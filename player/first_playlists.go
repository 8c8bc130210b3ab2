package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// FirstPlaylists is what is loaded before playback begins.
type FirstPlaylists interface {
	// begin takes the multivariant playlist.
	begin(p *Player)
	// listed takes the first media playlist.
	listed(p *Player, m *m3u8.Media)
	// firstSound reports whether levels that carry their own sound are played with that
	// of the first listed variant.
	firstSound() bool
}

var _ = policy.Register("startup.playlists", policy.Offers[FirstPlaylists]{
	"chosen":       &playlistsChosen{},
	"first_listed": &playlistsFirstListed{},
	"probe":        &playlistsProbe{},
	"survey":       &playlistsSurvey{Samples: 1},
})

// startAt begins with a level; the first choice after it is free.
func (p *Player) startAt(level int) {
	p.setLevel(level, true, "start")
	p.switched = 0
}

// oneByOne is what policies have in common that load the playlists that they play.
type oneByOne struct{}

func (oneByOne) begin(p *Player)             { p.startAt(p.firstLevel()) }
func (oneByOne) listed(*Player, *m3u8.Media) {}
func (oneByOne) firstSound() bool            { return false }
