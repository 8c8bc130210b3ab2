package player

// placeCount adds a target duration for each number that is missing; with lower numbers
// both playlists end together.
type placeCount struct {
	asNumbered `yaml:"-"`
}
