package player

// gapSkip does not ask for the segment; playback goes on after it.
type gapSkip struct {
	passing `yaml:"-"`
}
