package player

// penaltyRendition gives up the rendition that failed, with every level that it
// belongs to (Shaka Player disableStream).
type penaltyRendition struct {
	ofLevel `yaml:",inline"`
}

func (*penaltyRendition) of(_ *Player, f *flight) int16 { return f.rendition }

func (*penaltyRendition) sound() bool { return true }

func (*penaltyRendition) blames() bool { return false }
