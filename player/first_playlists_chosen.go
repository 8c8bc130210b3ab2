package player

// playlistsChosen loads the playlist of the first level.
type playlistsChosen struct {
	oneByOne `yaml:"-"`
}
